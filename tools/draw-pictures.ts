/**
 * Draws the pictures of docs/evidence.md from the report of a study, with the charts of the reports:
 * `node tools/draw-pictures.ts backtests/results/ninety-days-….json three-candle-fade`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../src/domain/errors.ts';
import { expectedMaximum } from '../src/evidence/sharpe.ts';
import { formatNumber } from '../src/report/format.ts';
import { verticalAxis } from '../src/report/html/axes.ts';
import { controlPlot, HEIGHT_PX, placeAmong } from '../src/report/html/histograms.ts';
import type { Markup } from '../src/report/html/markup.ts';
import { renderPicture } from '../src/report/html/picture.ts';
import { EXTENT, plot, round, shape } from '../src/report/html/plot.ts';
import { readReport } from '../src/report/read.ts';
import type { JudgedStrategy } from '../src/report/schema.ts';

const IMAGES = resolve(import.meta.dirname, '../docs/images');

const CONTROLS = {
  'coin-flip': { file: 'coin-flips.svg', title: (name: string, draws: string) => `${name} among ${draws} coin flips` },
  rotation: {
    file: 'rotations.svg',
    title: (name: string, draws: string) => `${name} among ${draws} rotations of its own signals`,
  },
} as const;

function main([path, name]: readonly string[]): void {
  if (path === undefined || name === undefined) {
    throw new UsageError('which report, and which strategy?', { hint: 'node tools/draw-pictures.ts REPORT.json NAME' });
  }
  const strategy = readReport(path).strategies.find(
    (one): one is JudgedStrategy => one.name === name && one.status === 'judged',
  );
  if (strategy === undefined) throw new UsageError(`the report ${path} has no verdict on '${name}'`);
  mkdirSync(IMAGES, { recursive: true });
  for (const control of strategy.controls) {
    if (control.meanR === null) continue;
    const { file, title } = CONTROLS[control.kind];
    write(file, {
      title: title(name, formatNumber(control.draws)),
      caption: [`${placeAmong(strategy, control)} Each draw's mean result of a trade, in R; the line is the strategy.`],
      chart: controlPlot(strategy, control, control.meanR),
    });
  }
  write('best-of-many.svg', {
    title: 'The best of many tries without any skill',
    caption: ['Left: standard errors above zero that the best one shows on average. Below: how many were tried.'],
    chart: luckOfTries(),
  });
}

/** What the best of N worthless tries shows, for N from 1 to 10,000. */
function luckOfTries(): Markup {
  const most = 10_000;
  const x = (tries: number): number => (Math.log10(tries) / Math.log10(most)) * EXTENT;
  const y = verticalAxis(0, 4, 4, (value) => formatNumber(value));
  const steps = Array.from({ length: 81 }, (_, i) => Math.round(10 ** (i / 20)));
  const points = [...new Set(steps)].map((tries) => `${round(x(tries))} ${round(y.scale(expectedMaximum(tries)))}`);
  return plot({
    id: 'best-of-many',
    title: 'The best of many tries without any skill',
    description: 'The expected maximum of independent standard normal values grows with their number.',
    heightPx: HEIGHT_PX,
    x,
    xTicks: [1, 10, 100, 1000, most].map((at) => ({ at, label: formatNumber(at) })),
    y: y.scale,
    yTicks: y.ticks,
    shapes: shape('curve', `M${points.join('L')}`),
  });
}

function write(file: string, parts: { title: string; caption: readonly string[]; chart: Markup }): void {
  writeFileSync(join(IMAGES, file), renderPicture({ ...parts, chartHeightPx: HEIGHT_PX }));
}

main(process.argv.slice(2));
