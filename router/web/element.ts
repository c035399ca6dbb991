type Child = Node | string | null | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** An HTML element with attributes (false and null leave one out) and children; text never becomes markup. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

/** A part of the shell by its id; the shell and these modules are shipped together, so a missing one is a fault of ours. */
export function part<Type extends HTMLElement = HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (!found) throw new TypeError(`the page has no element #${id}`);
  return found as Type;
}

/** A small drawing of the shell's sprite. */
export function icon(name: string): SVGElement {
  return svgElement('svg', { class: 'icon', 'aria-hidden': 'true' }, svgElement('use', { href: `#icon-${name}` }));
}

function fill<Type extends Element>(target: Type, attributes: Attributes, children: readonly Child[]): Type {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    target.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child) target.append(child);
  return target;
}
