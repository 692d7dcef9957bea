// The clipboard.

// copy puts a text on the clipboard. Outside a secure context there is only the
// old way, which needs a selection.
async function copy(button, text) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copySelection(text);
    say("said", "Copied");
  } catch {
    say("said", "The browser does not allow copying");
    return;
  }
  const icon = button.querySelector("use");
  icon.setAttribute("href", "#i-done");
  button.classList.add("done");
  setTimeout(() => {
    icon.setAttribute("href", "#i-copy");
    button.classList.remove("done");
    say("said", "");
  }, 1500);
}

function copySelection(text) {
  const area = document.createElement("textarea"), focused = document.activeElement;
  area.value = text;
  area.className = "said";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  if (!done) throw new Error("refused");
}
