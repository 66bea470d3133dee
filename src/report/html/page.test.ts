import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureReport } from '../../../test/report-fixture.ts';
import type { CandleColumns } from '../../domain/candle.ts';
import type { Report } from '../schema.ts';
import { html, trusted } from './markup.ts';
import { renderHtml } from './page.ts';
import { studyInWords } from './verdicts.ts';

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

  it('shows warnings under the title, before any number', () => {
    const shown = renderHtml({ ...report, warnings: ['The clock stood still.'] }, { candles });
    const place = shown.indexOf('<li>The clock stood still.</li>');
    expect(place).toBeGreaterThan(shown.indexOf('<h1>'));
    expect(place).toBeLessThan(shown.indexOf('<dl'));
    expect(shown).toContain('aria-label="Warnings"');
    expect(page).not.toContain('aria-label="Warnings"');
  });

  it('lists trades by their entry, and its markers count in the same order', () => {
    const [first] = report.strategies;
    if (first?.status !== 'judged') throw new TypeError('the first strategy was judged');
    const rows = [...page.matchAll(/<tr data-trade="(\S+) \S+ (\d+)/g)].slice(0, first.trades.length);
    const times = rows.map(([, , timeMs]) => Number(timeMs));
    expect(times).toEqual(first.trades.map(({ entryTimeMs }) => entryTimeMs).toSorted((a, b) => a - b));
    expect(times).not.toEqual(first.trades.map(({ entryTimeMs }) => entryTimeMs));
    const marker = /data-row="5"><title>(\S+) \S+ (\S+ \S+) at/.exec(page);
    expect(marker?.[1]).toBe(rows[5]?.[1]);
    expect(marker?.[2]).toBe(new Date(times[5] as number).toISOString().slice(0, 16).replace('T', ' '));
  });

  it('counts one strategy as one', () => {
    const one = { ...report, strategies: report.strategies.slice(0, 1), family: { ...report.family, strategies: 1 } };
    expect(studyInWords(one)).toMatch(/^The only strategy showed /);
    expect(studyInWords({ ...one, strategies: report.strategies.slice(3, 4) })).toMatch(
      /^The only strategy showed no edge that luck does not explain\. It /,
    );
    expect(renderHtml(one, { candles: [] })).not.toContain('1 strategies');
  });

  it('claims no more than it shows', () => {
    expect(page).toContain('at most 5\u202f%\nof studies should say it');
    expect(page).not.toContain('fixed before the run');
  });

  it('does not take silence for praise where the gates refuse', () => {
    const silent = structuredClone(report);
    for (const strategy of silent.strategies) if (strategy.status === 'judged') strategy.criticism = [];
    const shown = renderHtml(silent, { candles: [] });
    const part = (name: string) => shown.split(`id="strategy-${name}"`)[1]?.split('</section>')[0];
    expect(part('planted-edge')).toContain('None of the questions that the study asks itself found anything.');
    expect(part('fair-die')).toContain('The gates above already say it');
    expect(part('never-fires')).toContain('It never traded');
  });

  it.each([
    { fires: 207, excess: -0.0004, words: 'too small to tell' },
    { fires: 29, excess: 0.05, words: 'too small to tell' },
    { fires: 30, excess: 0.001, words: 'as it says' },
    { fires: 207, excess: -0.002, words: 'the opposite of what it says' },
  ])('reads $excess after $fires times: $words', ({ fires, excess, words }) => {
    const claimed = structuredClone(report);
    const [first] = claimed.strategies;
    if (first?.status !== 'judged') throw new TypeError('the first strategy was judged');
    const claim = { side: 'long', condition: 'lucky', bet: 'continuation', horizonCandles: 48 } as const;
    first.claims = [{ ...claim, fires, excessReturnFraction: excess }];
    claimed.strategies = [first];
    expect(renderHtml(claimed, { candles: [] })).toContain(`<td class="text wide-cell">${words}</td>`);
  });
});
