// The theme: the system's until somebody chooses.

const dark = matchMedia("(prefers-color-scheme: dark)");
const dressed = []; // called with the colours that canvases need, whenever they change
let chosen = null;
try { chosen = localStorage.getItem("theme"); } catch { /* storage is switched off */ }

function dress() {
  const theme = chosen ?? (dark.matches ? "dark" : "light"), other = theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  $("theme").setAttribute("aria-label", `Use the ${other} theme`);
  $("theme").querySelector("use").setAttribute("href", other === "dark" ? "#i-moon" : "#i-sun");
  const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const theirs = { accent: colour("accent"), second: colour("second"), muted: colour("muted"), line: colour("line"), font: colour("sans") };
  for (const each of dressed) each(theirs);
}
$("theme").onclick = () => {
  chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", chosen); } catch { /* then it lasts as long as the page */ }
  dress();
};
dark.addEventListener("change", dress);
