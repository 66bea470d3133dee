import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueIn } from '../../test/estimates.ts';
import type { DailyReturns } from '../backtest/daily-returns.ts';
import { Prng } from '../domain/prng.ts';
import { DAY_MS } from '../domain/time.ts';
import { correlation } from './clusters.ts';
import { expectedMaximum, nullSharpeVariance, probabilisticSharpe, sharpeMoments } from './sharpe.ts';
import { countMarket, keyOf, lineClusters, type MarketCount, type OwnTrial, type ReturnsOf } from './trial-count.ts';
import type { RecordedStudy, RecordedSweep, RecordedTrial } from './trial-lines.ts';

const DAYS = 90;
const SPAN = { fromMs: 0, toMs: DAYS * DAY_MS };
const HASH = 'ab'.repeat(32);

/** Returns of a strategy with some drift; `like` mixes another one's in. */
function returnsOf(seed: number, { drift = 0, like, share = 0 }: Walk = {}): DailyReturns {
  const rng = new Prng(seed);
  const values = Float64Array.from({ length: DAYS }, (_, day) => {
    const own = (rng.uniform() + rng.uniform() + rng.uniform() - 1.5) * 0.02 + drift;
    return (1 - share) * own + share * (like?.values[day] ?? 0);
  });
  return { firstDay: 0, values };
}

interface Walk {
  readonly drift?: number;
  readonly like?: DailyReturns;
  readonly share?: number;
}

function study(name: string, overrides: Partial<RecordedStudy> = {}): RecordedStudy {
  return {
    ...{ schema: 1, sequence: 1, recordedAtMs: 0, previous: HASH, hash: `${name}:`.padEnd(64, '0'), kind: 'study' },
    study: name,
    strategies: [{ name, fileSha256: HASH, params: { name } }],
    ...{ coins: ['BTC'], interval: '1h', ...SPAN, cell: {}, cells: 1, fingerprint: 'f', source: 'hyperliquid' },
    isSynthetic: false,
    gates: { alpha: 0.05, targetEdgeR: 0.3, minTrades: 30, minWeeks: 10 },
    fees: { taker: 0, maker: 0 },
    ...{ slippageBps: 2, seed: 1, controls: { draws: 100, seed: 1 }, resultSha256: HASH },
    ...overrides,
  };
}

function sweep(name: string, overrides: Partial<RecordedSweep> = {}): RecordedSweep {
  const { study: _, kind: __, interval, cells: ___, gates: ____, seed: _____, controls: ______, ...rest } = study(name);
  return {
    ...rest,
    ...{ kind: 'sweep', sweep: name, intervals: [interval], grid: {}, account: 'each-coin', combinations: 100 },
    identity: HASH,
    ...overrides,
  };
}

/** A ledger whose lines have one trial each. */
class Ledger {
  readonly trials: RecordedTrial[] = [];
  readonly #returns = new Map<string, DailyReturns>();

  add(returns: DailyReturns | undefined): this {
    const line = study(`trial-${this.trials.length}`);
    this.trials.push(line);
    if (returns !== undefined) this.#returns.set(line.hash, returns);
    return this;
  }

  readonly returnsOf: ReturnsOf = ({ hash }) => {
    const found = this.#returns.get(hash);
    return found === undefined ? new Map() : new Map([[0, found]]);
  };

  count(own: readonly OwnTrial[]): MarketCount {
    return countMarket(this.trials, this.returnsOf, own, SPAN);
  }
}

const JUDGED = returnsOf(999, { drift: 0.003 });
const OWN: readonly OwnTrial[] = [{ key: 'own', returns: JUDGED }];

function deflated(count: MarketCount): number {
  return valueIn(probabilisticSharpe(valueIn(sharpeMoments(JUDGED.values)), count.hurdleSharpe));
}

describe('clusters of trials', () => {
  it('are as many as there are different ideas, whatever their number of tries', () => {
    const ledger = new Ledger();
    const ideas = [1, 2, 3].map((seed) => returnsOf(seed));
    for (const [i, idea] of ideas.entries()) {
      ledger.add(idea);
      for (let copy = 0; copy < 4; copy++) ledger.add(returnsOf(100 + 10 * i + copy, { like: idea, share: 0.8 }));
    }
    expect(ledger.count(OWN)).toMatchObject({ trials: 16, clusters: 4, unknown: 0 });
  });

  it('compare the days that both have, and call few of them nothing in common', () => {
    const base = returnsOf(5);
    const from = (day: number): DailyReturns => ({ firstDay: day, values: base.values.slice(day) });
    expect(correlation(base, from(30))).toBeCloseTo(1, 12);
    expect(correlation(base, from(DAYS - 19))).toBeNaN();
    expect(correlation(base, { firstDay: 0, values: new Float64Array(DAYS) })).toBeNaN();
  });

  it('say of a line what whoever lacks the returns must count', () => {
    const idea = returnsOf(1);
    const line = lineClusters([idea, returnsOf(2, { like: idea, share: 0.9 }), returnsOf(3)], 4);
    expect(line).toMatchObject({ count: 2 + 4, compared: 3 });
    const sharpes = [1, 3].map((seed) => valueIn(sharpeMoments(returnsOf(seed).values)).sharpe);
    expect(line.sharpeMean).toBeCloseTo(((sharpes[0] as number) + (sharpes[1] as number)) / 2, 12);
  });
});

describe('what is counted', () => {
  it('is a single trial without luck where nothing was tried before', () => {
    const alone = new Ledger().count(OWN);
    expect(alone).toEqual({
      ...{ trials: 1, clusters: 1, unknown: 0, hurdleSharpe: 0 },
      sharpeVariance: nullSharpeVariance(DAYS),
    });
  });

  it('has the null sampling variance as its floor: the usual recipe would say 0 of near duplicates', () => {
    const ledger = new Ledger().add(undefined);
    const { hurdleSharpe } = ledger.count(OWN);
    expect(hurdleSharpe).toBeCloseTo(Math.sqrt(nullSharpeVariance(DAYS)) * expectedMaximum(2), 12);
  });

  it('counts a trial once, however often it is run, and the own one last', () => {
    const ledger = new Ledger().add(returnsOf(1));
    const [line] = ledger.trials as [RecordedStudy];
    const again = { ...line, hash: 'cd'.repeat(32), fingerprint: 'fetched anew' };
    const strategy = line.strategies[0] as RecordedStudy['strategies'][number];
    const own = [{ key: keyOf(strategy, line), returns: returnsOf(1) }];
    const count = (trials: RecordedTrial[], mine: readonly OwnTrial[]): MarketCount =>
      countMarket(trials, ledger.returnsOf, mine, SPAN);
    expect(count([line, again], OWN)).toEqual(count([line], OWN));
    expect(count([line, again], own)).toEqual(count([], own));
  });

  it('takes a line without returns for as many clusters as it says, or for all of its trials', () => {
    const told = { count: 7, compared: 100, sharpeMean: 0, sharpeVariance: 0.04 };
    const none: ReturnsOf = () => new Map();
    expect(countMarket([sweep('told', { clusters: told })], none, OWN, SPAN)).toMatchObject({
      ...{ trials: 101, clusters: 8, unknown: 7 },
      sharpeVariance: expect.closeTo(0.04, 1),
    });
    expect(countMarket([sweep('old')], none, OWN, SPAN)).toMatchObject({ trials: 101, clusters: 101, unknown: 100 });
  });
});

describe('a deflated Sharpe ratio', () => {
  it('does not rise by a thousand near duplicates, which the usual recipe lets pass', () => {
    const ledger = new Ledger();
    for (let seed = 1; seed <= 12; seed++) ledger.add(returnsOf(seed));
    const before = ledger.count(OWN);
    for (let copy = 0; copy < 1_000; copy++) ledger.add(returnsOf(5_000 + copy, { like: JUDGED, share: 0.97 }));
    const after = ledger.count(OWN);
    expect(after.trials).toBe(before.trials + 1_000);
    expect(after.clusters).toBe(before.clusters);
    expect(deflated(after)).toBeLessThanOrEqual(deflated(before));
    // The mean of all Sharpe ratios would have been that of the copies, and their variance next to nothing.
    expect(after.sharpeVariance).toBeGreaterThanOrEqual(nullSharpeVariance(DAYS));
  });

  it('never rises by one more trial, whatever it is', () => {
    const anyTrial = fc.record({
      seed: fc.integer({ min: 1, max: 1_000 }),
      drift: fc.double({ min: -0.03, max: 0.03, noNaN: true }),
      share: fc.constantFrom(0, 0, 0.5, 0.95),
      isKnown: fc.constantFrom(true, true, true, false),
    });
    fc.assert(
      fc.property(fc.array(anyTrial, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), (tried, strategies) => {
        const own = Array.from({ length: strategies }, (_, i): OwnTrial => {
          return { key: `own ${i}`, returns: i === 0 ? JUDGED : returnsOf(2_000 + i, { drift: -0.02 * i }) };
        });
        const ledger = new Ledger();
        let before = deflated(ledger.count(own));
        for (const { seed, drift, share, isKnown } of tried) {
          ledger.add(isKnown ? returnsOf(seed, { drift, like: JUDGED, share }) : undefined);
          const now = deflated(ledger.count(own));
          expect(now).toBeLessThanOrEqual(before);
          before = now;
        }
      }),
      { numRuns: 60 },
    );
  });
});
