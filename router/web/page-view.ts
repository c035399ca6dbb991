import { isUncertain, kindOf, nameOf } from './block-kind.js';
import { percent } from './block-view.js';
import type { BlockState, PageState } from './document-state.js';
import { element, part, svgElement } from './element.js';
import type { PagePictures } from './page-pictures.js';
import { openDocument, type Store, type ViewState } from './store.js';

/** Side of a number badge on the page, in CSS pixels. */
const badgeSize = 17;

/** The picture of the open page with its boxes over it. Answers a function that shows another zoom. */
export function createPageView(
  store: Store,
  pictures: PagePictures,
  pick: (order: number) => void,
): { setZoom(percentOfPane: number): void } {
  const sheet = part('sheet');
  const image = element('img', { id: 'page-image', alt: '' });
  const overlay = svgElement('svg', { class: 'overlay', role: 'group', preserveAspectRatio: 'none' });
  const tag = element('div', { class: 'box-tag', 'aria-hidden': 'true', hidden: true });
  sheet.append(image, overlay, tag);
  image.addEventListener('load', () => sheet.classList.add('has-picture'));

  let shownPage: PageState | null = null;

  const orderOf = (event: Event): number | null => {
    const box = (event.target as Element).closest?.('[data-order]');
    return box ? Number(box.getAttribute('data-order')) : null;
  };
  const heat = (order: number | null) => {
    if (store.get().hotOrder !== order) store.update((state) => ({ ...state, hotOrder: order }));
  };
  overlay.addEventListener('pointermove', (event) => heat(orderOf(event)));
  overlay.addEventListener('pointerleave', () => heat(null));
  overlay.addEventListener('focusin', (event) => heat(orderOf(event)));
  overlay.addEventListener('focusout', () => heat(null));
  overlay.addEventListener('click', (event) => {
    const order = orderOf(event);
    if (order !== null) pick(order);
  });
  overlay.addEventListener('keydown', (event) => {
    const order = orderOf(event);
    if (order === null) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      pick(order);
    }
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    overlay.querySelector<SVGElement>(`[data-order="${order + step}"]`)?.focus();
  });
  new ResizeObserver(() => scaleBadges()).observe(overlay);

  /** Badges keep their size on the screen whatever the zoom. */
  function scaleBadges(): void {
    const width = overlay.clientWidth;
    if (!shownPage || width === 0) return;
    const scale = shownPage.width / width;
    for (const badge of overlay.querySelectorAll<SVGGElement>('.badge')) {
      const x = Number(badge.getAttribute('data-x'));
      const y = Number(badge.getAttribute('data-y'));
      badge.setAttribute('transform', `translate(${x} ${y}) scale(${scale})`);
    }
  }

  function draw(state: ViewState, page: PageState | null): void {
    const document = openDocument(state);
    const address = document ? pictures.addressOf(document, state.pageNumber) : null;
    if (image.src !== (address ?? '')) {
      sheet.classList.remove('has-picture');
      if (address) image.src = address;
      else image.removeAttribute('src');
    }
    image.alt = document ? `Page ${state.pageNumber} of ${document.name}` : '';
    image.hidden = address === null;
    overlay.replaceChildren();
    if (page) {
      sheet.style.aspectRatio = `${page.width} / ${page.height}`;
      overlay.setAttribute('viewBox', `0 0 ${page.width} ${page.height}`);
      overlay.setAttribute('aria-label', `Blocks of page ${page.pageNumber} in reading order`);
      overlay.append(pathOf(page), ...page.blocks.map((block) => boxOf(block, block.order === firstOrder(page))));
    } else {
      sheet.style.aspectRatio = '';
    }
    shownPage = page;
    scaleBadges();
  }

  function light(state: ViewState): void {
    for (const box of overlay.querySelectorAll('.box')) {
      const order = Number(box.getAttribute('data-order'));
      box.classList.toggle('is-hot', order === state.hotOrder);
      box.classList.toggle('is-picked', order === state.pickedOrder);
      box.setAttribute('aria-pressed', String(order === state.pickedOrder));
    }
    const block = shownPage?.blocks.find((candidate) => candidate.order === state.hotOrder);
    tag.hidden = !block;
    if (!block || !shownPage) return;
    const sure = block.confidence === null ? '' : ` · ${percent(block.confidence)}`;
    tag.textContent = `${block.order} · ${nameOf(block.label)}${sure}`;
    tag.className = `box-tag kind-${kindOf(block.label)}`;
    tag.style.left = `${(100 * block.box[0]) / shownPage.width}%`;
    tag.style.top = `${(100 * block.box[1]) / shownPage.height}%`;
  }

  store.listen((state, before) => {
    const page = openDocument(state)?.pages.get(state.pageNumber) ?? null;
    const isOther = state.openId !== before.openId || state.pageNumber !== before.pageNumber;
    const isChanged = isOther || page !== shownPage || (image.hidden && openDocument(state) !== null);
    if (isChanged) draw(state, page);
    if (isChanged || state.hotOrder !== before.hotOrder || state.pickedOrder !== before.pickedOrder) light(state);
  });

  return {
    setZoom: (percentOfPane) => {
      sheet.style.width = `${percentOfPane}%`;
    },
  };
}

function firstOrder(page: PageState): number {
  return page.blocks[0]?.order ?? 1;
}

function boxOf(block: BlockState, isFirst: boolean): SVGGElement {
  const [x0, y0, x1, y1] = block.box;
  const digits = String(block.order).length;
  const width = badgeSize + (digits - 1) * 6;
  const start = block.text === '' ? '' : `: ${block.text.replaceAll(/<[^>]*>/g, ' ').slice(0, 80)}`;
  return svgElement(
    'g',
    {
      class: `box kind-${kindOf(block.label)}${block.isRead ? '' : ' is-waiting'}${isUncertain(block) ? ' is-uncertain' : ''}`,
      'data-order': block.order,
      tabindex: isFirst ? 0 : -1,
      role: 'button',
      'aria-label': `${block.order}, ${nameOf(block.label)}${start}`,
    },
    svgElement('rect', { x: x0, y: y0, width: x1 - x0, height: y1 - y0, rx: 3, 'vector-effect': 'non-scaling-stroke' }),
    svgElement(
      'g',
      { class: 'badge', 'data-x': x0, 'data-y': y0 },
      svgElement('rect', { x: -width / 2, y: -badgeSize / 2, width, height: badgeSize, rx: 4 }),
      svgElement('text', { x: 0, y: 4, 'text-anchor': 'middle' }, String(block.order)),
    ),
  );
}

/** The way the eye takes: from block to block in reading order. */
function pathOf(page: PageState): SVGPolylineElement {
  const points = page.blocks.map(({ box }) => `${(box[0] + box[2]) / 2},${(box[1] + box[3]) / 2}`).join(' ');
  return svgElement('polyline', { class: 'order-path', points, 'vector-effect': 'non-scaling-stroke' });
}
