// Making elements, and the icons of buttons.

// An element: make("button", {class: "tool", onclick: f, "aria-label": "…"}, children or texts).
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// Lines on a field of 24 × 24, as the paths of an SVG: thin ones, and behind a bar thick ones.
const ICONS = {
  play: "M8 5.5v13l10-6.5z",
  pause: "| M8.5 7v10M15.5 7v10",
  dice: "M7 4h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3z"
    + "| M8.7 8.7h.01M15.3 8.7h.01M12 12h.01M8.7 15.3h.01M15.3 15.3h.01",
  full: "M9 4.5H4.5V9M15 4.5h4.5V9M9 19.5H4.5V15M15 19.5h4.5V15",
  small: "M4.5 9H9V4.5M19.5 9H15V4.5M4.5 15H9v4.5M19.5 15H15v4.5",
  panel: "M4 7h9M17 7h3M15 5v4M4 12h2M10 12h10M8 10v4M4 17h7M15 17h5M13 15v4",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  help: "M8.7 9a3.3 3.3 0 1 1 4.9 2.9c-1 .6-1.6 1.2-1.6 2.6| M12 18h.01",
  back: "M10 6l-6 6 6 6M4 12h16",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const lines of ICONS[name].split("|")) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", lines);
    svg.append(path);
  }
  return svg;
}

// A button of an icon: its label is told to screen readers, and shown when the mouse rests on it.
export function tool(name, label, onclick) {
  const button = make("button", { class: "tool", type: "button", onclick }, icon(name));
  return labelled(button, label);
}

// Give a button another label, and another icon.
export function labelled(button, label, name = "") {
  button.setAttribute("aria-label", label);
  button.title = label;
  if (name) button.replaceChildren(icon(name));
  return button;
}

// Set an element's text if it is another one: a change is work for the browser.
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
