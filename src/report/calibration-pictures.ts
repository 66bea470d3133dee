import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CalibrationSummary, EdgePower, GateRates } from '../evidence/calibration-summary.ts';
import { formatNumber, formatPercent } from './format.ts';
import { horizontalAxis, verticalAxis } from './html/axes.ts';
import { html, type Markup } from './html/markup.ts';
import { renderPicture } from './html/picture.ts';
import { EXTENT, percent, plot, round, shape } from './html/plot.ts';

const POWER_PX = 260;
const GATE_ROW_PX = 34;

/**
 * Draws what a calibration found: how often an edge is found against its size, and how often each gate is passed.
 *
 * @returns the files that were written
 */
export function writeCalibrationPictures(folder: string, summary: CalibrationSummary): string[] {
  mkdirSync(folder, { recursive: true });
  const pictures = {
    'calibration-power.svg': powerPicture(summary),
    'calibration-gates.svg': gatesPicture(summary),
  };
  return Object.entries(pictures).map(([name, picture]) => {
    const path = join(folder, name);
    writeFileSync(path, picture);
    return path;
  });
}

/** The share of planted edges that are found, with its interval, by what they bring a trade. */
export function powerPicture({ power }: CalibrationSummary): string {
  const x = horizontalAxis(Math.min(0, ...power.map(({ edgeR }) => edgeR)), widest(power), 6, (value) =>
    formatNumber(value, 1),
  );
  const y = verticalAxis(0, 1, 4, (value) => formatPercent(value, 0));
  const line = power.map(({ edgeR, found }) => `${round(x.scale(edgeR))} ${round(y.scale(found.rate))}`);
  const bars = power.map(
    ({ edgeR, found }) => `M${round(x.scale(edgeR))} ${round(y.scale(found.low))}V${round(y.scale(found.high))}`,
  );
  return renderPicture({
    title: 'How often a planted edge is found',
    caption: [
      'Below: what a trade of the edge brings after costs, in R. Left: the share of studies that find it;',
      'the bars are 95 % intervals.',
    ],
    chart: plot({
      id: 'calibration-power',
      title: 'Power against the size of the edge',
      description: power
        .map(({ edgeR, found }) => `${formatNumber(edgeR, 2)} R: ${formatPercent(found.rate, 0)}`)
        .join('; '),
      heightPx: POWER_PX,
      x: x.scale,
      xTicks: x.ticks,
      y: y.scale,
      yTicks: y.ticks,
      shapes: line.length === 0 ? '' : [shape('curve', `M${line.join('L')}`), shape('here', bars.join(''))],
    }),
    chartHeightPx: POWER_PX,
  });
}

function widest(power: readonly EdgePower[]): number {
  return Math.max(0.1, ...power.map(({ edgeR }) => edgeR)) * 1.05;
}

/** For each gate two bars: strategies that pass it without an edge, and with one. */
export function gatesPicture({ gates }: CalibrationSummary): string {
  const x = horizontalAxis(0, 1, 5, (value) => formatPercent(value, 0));
  const slot = EXTENT / Math.max(1, gates.length);
  const heightPx = GATE_ROW_PX * Math.max(1, gates.length);
  const bars = (offset: number, tone: string, rate: (gate: GateRates) => number): Markup =>
    shape(
      `bars ${tone}`,
      gates
        .map((gate, i) => {
          const top = round(i * slot + slot * offset);
          return `M0 ${top}H${round(x.scale(rate(gate)))}v${round(slot * 0.18)}H0z`;
        })
        .join(''),
    );
  return renderPicture({
    title: 'How often each gate is passed',
    caption: ['Blue: strategies with a planted edge. Vermilion: strategies on markets in which nothing can be known.'],
    chart: plot({
      id: 'calibration-gates',
      title: 'Pass rates of the gates, with and without an edge',
      description: gates
        .map(({ gate, passedWithEdge, passedWithoutEdge }) => {
          const shown = (rate: number | undefined): string => formatPercent(rate ?? null, 0);
          return `${gate}: ${shown(passedWithEdge?.rate)} with an edge, ${shown(passedWithoutEdge?.rate)} without`;
        })
        .join('; '),
      heightPx,
      x: x.scale,
      xTicks: x.ticks,
      y: (value) => value,
      yTicks: [],
      shapes: [
        bars(0.5, 'gain', ({ passedWithEdge }) => passedWithEdge?.rate ?? 0),
        bars(0.7, 'loss', ({ passedWithoutEdge }) => passedWithoutEdge?.rate ?? 0),
      ],
      marks: gates.map(({ gate }, i) => html`<text x="0" y="${percent(i * slot)}" dy="1.05em">${gate}</text>`),
    }),
    chartHeightPx: heightPx,
  });
}
