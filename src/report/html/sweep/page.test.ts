import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureSweep, largeSweep } from '../../../../test/sweep-fixture.ts';
import { parseCondition, rank } from '../../../optimize/ranking.ts';
import type { SweepResult } from '../../../optimize/result.ts';
import { formatNumber, formatR } from '../../format.ts';
import { buildSweepReport } from '../../sweep/build.ts';
import type { SweepReport } from '../../sweep/schema.ts';
import { renderSweepHtml } from './page.ts';

let result: SweepResult;
let report: SweepReport;
let page: string;

beforeAll(async () => {
  result = await fixtureSweep();
  report = buildSweepReport(result);
  page = renderSweepHtml(report);
});

const textOf = (markup: string): string => markup.replace(/<[^>]+>/g, ' ').replace(/[ \n]+/g, ' ');
const sectionOf = (id: string): string => page.split(`<section id="${id}"`)[1]?.split('</section>')[0] ?? '';

describe('the page of a sweep', () => {
  it('asks the network for nothing, and has no script', () => {
    expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"`);
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b/);
    expect(page).not.toMatch(/\b(src|href)="(?!#)/);
    expect(page).not.toMatch(/url\(|@import|https?:/);
  });

  it('leads to what is there: every id once, every reference answered', () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, to] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(to);
    for (const [, label] of page.matchAll(/aria-labelledby="([^"]+)"/g)) {
      for (const id of label?.split(' ') ?? []) expect(ids).toContain(id);
    }
  });

  it('says first what was found, what that is worth, and what was held against the reference engine', () => {
    const counted = report.counted.combinations;
    const head = textOf(page.split('<main>')[0] ?? '');
    const best = formatR(report.top[0]?.metrics.expectancyR ?? null);
    expect(head).toContain(`the best of the ${counted} combinations with 30 trades or more comes to ${best}`);
    expect(head).toContain('The best of many owes a part of that to luck');
    expect(head).toContain('Nothing on this page is a verdict');
    expect(head).toContain('the best 10, and 11 drawn at random');
    expect(head).toContain('with trades&gt;=30');
  });

  it('shows the numbers of the result', () => {
    const best = textOf(sectionOf('best'));
    for (const { metrics } of report.top) expect(best).toContain(formatR(metrics.expectancyR));
    const luck = textOf(sectionOf('luck'));
    expect(luck).toContain(
      `${formatNumber(report.distribution.luck?.best.reachT ?? null, 2)} : half of such sweeps more`,
    );
    expect(luck).toContain('Without its best trade it has');
    const maps = sectionOf('strategy-breakout-volume');
    expect([...maps.matchAll(/<b>(#\d+(?: #\d+)*)<\/b>/g)].flatMap(([, ranks]) => ranks?.split(' '))).toHaveLength(10);
    expect(textOf(sectionOf('silent'))).toContain('lookback 10, surge 1000; lookback 15, surge 1000; lookback 20');
  });

  it('calls nothing worth a study but what lies beyond the reach of luck', () => {
    const { luck } = report.distribution;
    const said = (t: number, silence: 'wild' | null): string => {
      if (luck === null) throw new Error('the fixture has enough trades');
      const distribution = {
        ...report.distribution,
        luck: { ...luck, best: { ...luck.best, t, reachT: 3.4 }, silence },
      };
      return textOf(renderSweepHtml({ ...report, distribution }));
    };
    expect(said(3.5, null)).toContain('worth a study');
    expect(said(0.85, null)).not.toContain('worth a study');
    expect(said(3.5, 'wild')).not.toContain('worth a study');
  });

  it('marks invented prices on every section, in the title and on paper; of real ones it says nothing', () => {
    const sections = page.match(/<section /g)?.length ?? 0;
    expect(page.match(/<span class="synthetic">/g)).toHaveLength(sections);
    expect(page).toContain('<title>Synthetic market – fixture');
    const data = { ...report.data, isSynthetic: false, source: 'hyperliquid' };
    const real = renderSweepHtml({ ...report, data }).replace(/<style>.*?<\/style>/s, '');
    expect(real).not.toMatch(/synthetic|invented/i);
    expect(real).toContain('hyperliquid');
  });

  it('shows hostile names as they are', () => {
    const hostile = `</title><script>alert(1)</script>"'&`;
    const spoilt = JSON.parse(
      JSON.stringify(report)
        .replaceAll('"breakout-volume"', JSON.stringify(hostile))
        .replaceAll('"lookback"', JSON.stringify(`${hostile}x`))
        .replaceAll('"BTC"', JSON.stringify(`${hostile}y`)),
    ) as SweepReport;
    const shown = renderSweepHtml({ ...spoilt, warnings: [hostile] });
    expect(shown).not.toContain('<script');
    expect(shown).toContain('&lt;/title&gt;&lt;script&gt;alert(1)');
  });

  it('stays light: hundreds of thousands of combinations make no more than two megabytes', () => {
    const large = renderSweepHtml(buildSweepReport(largeSweep(result)));
    expect(large.length).toBeLessThan(2e6);
    expect(textOf(large)).toContain('the maps of');
  });

  it('can be sorted by another metric, which then has its column', () => {
    const ranking = rank(result.columns, 'finalCashUsd', []);
    const shown = renderSweepHtml(buildSweepReport({ ...result, ranking, best: [] }));
    expect(shown).toContain('<th scope="col" class="n">Final cash</th>');
    expect(textOf(shown)).toContain('By final cash, the best of 1,200 combinations comes to $1');
  });

  it('says so where nothing meets the conditions', () => {
    const ranking = rank(result.columns, 'expectancyR', [parseCondition('trades>=100000')]);
    const shown = textOf(renderSweepHtml(buildSweepReport({ ...result, ranking, best: [] })));
    expect(shown).toContain('None of 1,200 combinations meets the conditions: trades&gt;=100000.');
    expect(shown).not.toMatch(/NaN|undefined|Infinity|Nothing to count|full tint|What each axis does/);
    expect(shown).toContain('There is no combination with 100000 trades or more, so nothing can be said');
  });

  it('says of an account that was never let in, how often it asked and what may be the matter', () => {
    const { length } = result.columns.trades;
    const none = new Float64Array(length);
    const unknown = none.map(() => Number.NaN);
    const columns = { ...result.columns, trades: none, expectancyR: unknown, refusals: result.columns.signals };
    const shown = textOf(
      renderSweepHtml(buildSweepReport({ ...result, columns, ranking: rank(columns, 'expectancyR', []), best: [] })),
    );
    const asked = result.columns.signals.filter((signals) => signals > 0);
    const entries = asked.reduce((sum, signals) => sum + signals, 0);
    expect(shown).toContain(
      `${formatNumber(asked.length)} combinations never traded: all ${formatNumber(entries)} entries`,
    );
    expect(shown).toContain('None of 1,200 combinations traded.');
    expect(shown).not.toMatch(/NaN|undefined|Infinity|in the middle to n\/a/);
  });
});
