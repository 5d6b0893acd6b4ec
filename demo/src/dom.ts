/** The page's elements, which demo/index.html and demo/render.mjs wrote. */

export function element<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Sets the text only when it is another: a live region speaks, and layout is redone, only then. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
