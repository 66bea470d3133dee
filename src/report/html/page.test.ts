import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureReport } from '../../../test/report-fixture.ts';
import type { CandleColumns } from '../../domain/candle.ts';
import type { Report } from '../schema.ts';
import { html, trusted } from './markup.ts';
import { renderHtml } from './page.ts';

describe('markup', () => {
  it('escapes whatever is inserted, unless it is markup', () => {
    const name = `<img src=x onerror="alert('1')">&`;
    expect(html`<b title="${name}">${name}</b>${html`<i>${1}</i>`}${['<', trusted('<br>')]}`.text).toBe(
      '<b title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">' +
        '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</b><i>1</i>&lt;<br>',
    );
  });
});

describe('the page', () => {
  let report: Report;
  let candles: readonly CandleColumns[];
  let page: string;

  beforeAll(() => {
    ({ report, candles } = fixtureReport({ draws: 60 }));
    page = renderHtml(report, { candles });
  });

  it('asks the network for nothing', () => {
    expect(page).not.toMatch(/<(link|img|iframe|object|embed|base)\b/);
    expect(page).not.toMatch(/\b(src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import/);
    // Namespaces and nothing else.
    expect(new Set(page.match(/https?:\/\/[^\s"'<]+/g))).toEqual(new Set(['http://www.w3.org/2000/svg']));
  });

  it('is light: ten strategies on three coins stay below three megabytes', () => {
    expect((page.length / report.strategies.length) * 10).toBeLessThan(3e6);
  });

  it('shows the verdicts before anything else, and every strategy in a section of its own', () => {
    const places = ['id="verdicts"', 'id="reading"', 'id="strategy-planted-edge"', 'id="limits"', 'id="verify"'];
    const found = places.map((id) => page.indexOf(id));
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(found[0]).toBeGreaterThan(0);
    for (const { name, verdict } of report.strategies) {
      expect(page).toContain(`id="strategy-${name}"`);
      expect(page).toContain(`href="#strategy-${name}"`);
      expect(page).toContain(html`${verdict.sentence}`.text);
    }
  });

  it('draws the candles of a coin once, for all strategies', () => {
    for (const { coin } of candles) {
      expect(page.match(new RegExp(`id="candles-${coin}"`, 'g'))).toHaveLength(1);
      expect(page.match(new RegExp(`href="#candles-${coin}"`, 'g'))?.length).toBeGreaterThan(1);
    }
  });

  it('has every id once, and a text beside every picture', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(50);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, label] of page.matchAll(/aria-labelledby="([^"]+)"/g)) {
      for (const id of label?.split(' ') ?? []) expect(ids).toContain(id);
    }
  });

  it('marks invented prices on every section, in the title, and on every printed page', () => {
    const sections = page.match(/<section /g)?.length ?? 0;
    expect(sections).toBe(report.strategies.length + 6);
    expect(page.match(/<span class="synthetic">/g)).toHaveLength(sections);
    expect(page).toContain('<title>Synthetic market');
    expect(page).toContain('class="watermark"');
    expect(page).toContain('@page{@top-center{');
  });

  it('says nothing of it where prices are real', () => {
    const real = { ...report, data: { ...report.data, isSynthetic: false, source: 'hyperliquid' } };
    const shown = renderHtml(real, { candles }).replace(/<style>.*?<\/style>/s, '');
    expect(shown).not.toMatch(/synthetic|invented/i);
    expect(shown).toContain('hyperliquid');
  });

  it('shows hostile names as they are', () => {
    const hostile = `</script><script>alert(1)</script>"'&`;
    const spoilt = structuredClone(report);
    for (const strategy of spoilt.strategies) {
      if (strategy.status !== 'judged') continue;
      strategy.summary = hostile;
      strategy.criticism = [{ id: 'x', text: hostile }];
      strategy.params = { [hostile]: hostile };
      strategy.name = hostile + strategy.name;
    }
    spoilt.study.name = hostile;
    spoilt.warnings = [hostile];
    spoilt.study.coins = [hostile];
    const columns = candles.map((one) => ({ ...one, coin: hostile }));
    const shown = renderHtml(spoilt, { candles: columns });
    expect(shown).not.toContain('<script>alert');
    expect(shown).toContain('&lt;/script&gt;&lt;script&gt;alert(1)');
  });

  it('does without candles, and without trades', () => {
    const shown = renderHtml(report, { candles: [] });
    expect(shown).not.toContain('<script');
    expect(shown).toContain('never traded');
  });
});
