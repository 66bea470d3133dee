import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ownMarket } from '../src/series/market.ts';
import { Condition, Series } from '../src/series/series.ts';
import { loadStrategy } from '../src/strategy/load.ts';
import { proveStrategy } from '../src/strategy/prove.ts';
import { walkCandles } from './series-data.ts';
import { inTemporaryFolder } from './temporary-folder.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const guide = readFileSync(join(root, 'docs/strategies.md'), 'utf8');

/** The strategies of the guide: file name → text. */
const examples = [...guide.matchAll(/```ts\n\/\/ strategies\/(\S+)\.ts\n([\s\S]*?)```/g)].map(
  ([, name, text]) => [name as string, text as string] as const,
);

/** The first cells of the tables under a heading: `ago(k)`, `change(k)` → ago, change. */
function namesUnder(heading: string): string[] {
  const section = guide.slice(guide.indexOf(heading)).split(/\n(?=###? )/)[0] as string;
  const cells = section.split('\n').filter((line) => line.startsWith('| `'));
  return cells.flatMap((line) =>
    [...(line.split('|')[1] as string).matchAll(/`(\w+)/g)].map(([, name]) => name as string),
  );
}

function methodsOf(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
}

const COMPARISONS = ['gt', 'gte', 'lt', 'lte', 'eq', 'crossesAbove', 'crossesBelow'];

describe('the guide to writing a strategy', () => {
  test('has examples', () => {
    expect(examples.map(([name]) => name)).toEqual(['pullback', 'average-distance', 'stretched']);
  });

  test.each(examples)('%s loads as it is printed, and passes the experiment that the guide describes', (name, text) => {
    return inTemporaryFolder({}, async (folder) => {
      // A package of the same name whose sources are ours: 'candor' resolves as it does in strategies/.
      writeFileSync(join(folder, 'package.json'), readFileSync(join(root, 'package.json')));
      symlinkSync(join(root, 'src'), join(folder, 'src'));
      mkdirSync(join(folder, 'strategies'));
      writeFileSync(join(folder, 'strategies', `${name}.ts`), text);
      const loaded = await loadStrategy(name, join(folder, 'strategies'));
      const markets = new Map([['BTC', { candles: walkCandles({ length: 500, seed: 8 }) }]]);
      const proof = await proveStrategy({ loaded, coin: 'BTC', interval: '1h', markets, candles: 100 });
      expect(proof.difference).toBeUndefined();
    });
  });

  test('names every word of the vocabulary, and none that does not exist', () => {
    const series = [...Object.keys(ownMarket), ...methodsOf(Series.prototype)].filter(
      (name) => !COMPARISONS.includes(name),
    );
    expect(namesUnder('### Series').sort()).toEqual(series.sort());
    expect(namesUnder('### Conditions').sort()).toEqual([...COMPARISONS, ...methodsOf(Condition.prototype)].sort());
  });
});
