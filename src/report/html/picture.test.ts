import { expect, test } from 'vitest';
import { html } from './markup.ts';
import { renderPicture } from './picture.ts';

const parts = { title: 'p < 0.05 & more', caption: ['one', 'two'], chart: html`<g id="chart"/>`, chartHeightPx: 100 };

test('a picture is one SVG with its chart, its words escaped, and the colours of both themes', () => {
  const text = renderPicture(parts);
  expect(text.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
  expect(text).toContain('p &lt; 0.05 &amp; more');
  expect(text).toContain('<g id="chart"/>');
  expect(text.match(/--paper:/g)).toHaveLength(2);
  expect(text).toMatch(/^\.plot \.curve \{[^}]*stroke:/m);
});

test('each line of the caption makes it higher, and none lies outside of it', () => {
  const heightOf = (text: string): number => Number(/ height="(\d+)"/.exec(text)?.[1]);
  const oneLine = renderPicture({ ...parts, caption: ['one'] });
  expect(heightOf(renderPicture(parts))).toBeGreaterThan(heightOf(oneLine));
  for (const text of [oneLine, renderPicture(parts)]) {
    for (const [, y] of text.matchAll(/class="caption" x="20" y="(\d+)"/g)) {
      expect(Number(y)).toBeLessThan(heightOf(text));
    }
  }
});
