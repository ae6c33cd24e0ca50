/** Finds and makes elements, and brings what a page shows up to date without losing focus or selection. */

export const $ = (id) => document.getElementById(id);
export const all = (selector) => document.querySelectorAll(selector);

const SVG = new Set(["svg", "use", "polyline", "path", "line", "rect"]);

/** An element; what is null or false in `props` and `children` is left out. */
export function h(tag, props = {}, ...children) {
  const element = SVG.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value !== null && value !== false && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

/** Makes the children of `parent` equal to the fresh ones, and keeps those that are the same. */
export function show(parent, ...fresh) {
  const wanted = h("div", {}, ...fresh).childNodes;
  patchChildren(parent, [...wanted]);
}

function patchChildren(parent, wanted) {
  wanted.forEach((fresh, place) => {
    const old = parent.childNodes[place];
    if (!old) parent.append(fresh);
    else if (!isSame(old, fresh)) old.replaceWith(fresh);
    else if (old.nodeType === Node.TEXT_NODE) write(old, fresh.textContent);
    else patch(old, fresh);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

function isSame(old, fresh) {
  return old.nodeName === fresh.nodeName && old.dataset?.key === fresh.dataset?.key;
}

function patch(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // The reader opened it.
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  patchChildren(old, [...fresh.childNodes]);
}

/** Does nothing without a node. Unchanged text stays, because a screen reader would read it out again. */
export function write(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}
