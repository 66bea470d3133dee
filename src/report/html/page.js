// Looks at one trade on the very candles that decided it. Everything else on the page works without this script.
(() => {
  const candles = JSON.parse(document.getElementById('candles').textContent);
  const dialog = document.getElementById('lens');
  const SVG = 'http://www.w3.org/2000/svg';
  const BEFORE = 30;
  const AFTER = 20;
  const MARGIN = { top: 14, right: 92, bottom: 24, left: 4 };
  document.documentElement.classList.add('scripted');
  let rows = [];
  let shown = 0;

  const element = (name, attributes, text = '') => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  };

  const numberOrNull = (text) => (text === '' ? null : Number(text));
  const instant = (timeMs) => new Date(timeMs).toISOString().slice(5, 16).replace('T', ' ');

  function show(index) {
    shown = (index + rows.length) % rows.length;
    const row = rows[shown];
    const section = row.closest('section');
    const words = section.querySelector(`.marker[data-row="${shown}"] title`);
    dialog.querySelector('h2').textContent = `Trade ${shown + 1} of ${rows.length}: ${section.dataset.strategy}`;
    dialog.querySelector('p').textContent = words.textContent;
    if (!dialog.open) dialog.showModal();
    const [coin, side, ...numbers] = row.dataset.trade.split(' ');
    draw(dialog.querySelector('svg'), coin, side, numbers.map(numberOrNull));
  }

  function draw(svg, coin, side, [entryMs, exitMs, entry, exit, stop, target]) {
    const { firstMs, stepMs, open, high, low, close } = candles[coin];
    const from = Math.max(0, Math.floor((entryMs - firstMs) / stepMs) - BEFORE);
    const to = Math.min(open.length, Math.ceil((exitMs - firstMs) / stepMs) + AFTER);
    const width = svg.clientWidth;
    const height = svg.clientHeight;
    const prices = [entry, exit, stop, target, ...high.slice(from, to), ...low.slice(from, to)].filter(
      (p) => p !== null,
    );
    const lowest = Math.min(...prices);
    const highest = Math.max(...prices);
    const slot = (width - MARGIN.left - MARGIN.right) / (to - from);
    const x = (timeMs) => MARGIN.left + ((timeMs - firstMs) / stepMs - from) * slot;
    const y = (price) => {
      return MARGIN.top + ((highest - price) / (highest - lowest || 1)) * (height - MARGIN.top - MARGIN.bottom);
    };

    const paths = { wicks: '', up: '', down: '' };
    for (let i = from; i < to; i++) {
      if (open[i] === null) continue;
      const left = x(firstMs + i * stepMs);
      paths.wicks += `M${left + slot / 2} ${y(high[i])}V${y(low[i])}`;
      const top = y(Math.max(open[i], close[i]));
      const body = Math.max(1, y(Math.min(open[i], close[i])) - top);
      paths[close[i] < open[i] ? 'down' : 'up'] +=
        `M${left + slot * 0.15} ${top}h${slot * 0.7}v${body}h${-slot * 0.7}z`;
    }
    const group = element('g', { class: 'candles' });
    for (const [name, path] of Object.entries(paths)) group.append(element('path', { class: name, d: path }));

    const won = side === 'long' ? exit > entry : exit < entry;
    const tone = won ? 'gain' : 'loss';
    const tip = side === 'long' ? 'M0 2l6 11h-12z' : 'M0 -2l6 -11h-12z';
    const mark = won ? 'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z' : 'M-4 -4l8 8M4 -4l-8 8';
    const level = (name, price, className) => {
      if (price === null) return [];
      const line = element('path', { class: className, d: `M${x(entryMs)} ${y(price)}H${width - MARGIN.right}` });
      return [line, element('text', { x: width - MARGIN.right + 4, y: y(price) + 4 }, `${name} ${price}`)];
    };
    const at = (timeMs, price) => `translate(${x(timeMs)} ${y(price)})`;
    svg.replaceChildren(
      group,
      ...level('stop', stop, 'stops'),
      ...level('target', target, 'dashes'),
      element('path', { class: won ? 'won' : 'lost', d: `M${x(entryMs)} ${y(entry)}L${x(exitMs)} ${y(exit)}` }),
      element('path', { class: `sign ${tone}`, d: tip, transform: at(entryMs, entry) }),
      element('path', { class: won ? `sign ${tone}` : 'lost', d: mark, transform: at(exitMs, exit) }),
      element('text', { x: x(entryMs), y: height - 6, 'text-anchor': 'middle' }, instant(entryMs)),
    );
    if (x(exitMs) - x(entryMs) > 90) {
      svg.append(element('text', { x: x(exitMs), y: height - 6, 'text-anchor': 'middle' }, instant(exitMs)));
    }
  }

  for (const section of document.querySelectorAll('section.strategy')) {
    const own = [...section.querySelectorAll('tr[data-trade]')];
    own.forEach((row, i) => {
      const button = document.createElement('button');
      const cell = row.querySelector('th');
      button.type = 'button';
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener('click', () => {
        rows = own;
        show(i);
      });
    });
    section.addEventListener('click', ({ target }) => {
      const marker = target.closest('.marker');
      if (marker === null) return;
      rows = own;
      show(Number(marker.dataset.row));
    });
  }
  dialog.querySelector('[data-step="-1"]').addEventListener('click', () => show(shown - 1));
  dialog.querySelector('[data-step="1"]').addEventListener('click', () => show(shown + 1));
  dialog.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowLeft') show(shown - 1);
    if (key === 'ArrowRight') show(shown + 1);
  });
})();
