// The page's elements, by id.

const $ = (id) => document.getElementById(id);

// say sets a text, unless it is there already.
function say(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}
