import { extent } from 'd3-array';
import { area, line } from 'd3-shape';
import { formatDay, formatPercent, formatUsd } from '../format.ts';
import type { JudgedStrategy, Report, ReportedControl } from '../schema.ts';
import { steppedLabel, timeAxis, verticalAxis } from './axes.ts';
import { html, type Markup } from './markup.ts';
import { EXTENT, idOf, plot, round, type Scale, shape } from './plot.ts';

type Point = readonly [timeMs: number, value: number];

/** An account over time, as it is drawn. */
export interface ChartedAccount {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly depositUsd: number;
  readonly equity: JudgedStrategy['equity'];
  /** `recoveredMs` is left out where it is not known, and null where the account never came back. */
  readonly drawdown: JudgedStrategy['drawdown'] & { readonly recoveredMs?: number | null };
  readonly maxDrawdownFraction: number | null;
}

/** Accounts of random entries that an account is drawn among. */
interface ChartedControls {
  readonly timesMs: readonly number[];
  readonly coinFlip: ReportedControl | undefined;
  readonly rotation: ReportedControl | undefined;
}

/** The account of a strategy among those of its controls, and below it, on the same time axis, its drawdown. */
export function accountFigure(report: Report, strategy: JudgedStrategy): Markup {
  const { name, equity, drawdown, metrics, controls } = strategy;
  const { maxDrawdownFraction } = metrics;
  const { fromMs, toMs } = report.data;
  const { depositUsd } = report.study;
  const account = { name, fromMs, toMs, depositUsd, equity, drawdown, maxDrawdownFraction };
  const charted = {
    timesMs: report.fanTimesMs,
    coinFlip: controls.find(({ kind }) => kind === 'coin-flip'),
    rotation: controls.find(({ kind }) => kind === 'rotation'),
  };
  return html`<figure class="keep-together"><h3>Account value among its controls <small>US dollars</small></h3>
<p class="legend"><span><i class="key line"></i>this strategy</span>
<span><i class="key fan"></i>coin flips, 5–95 %</span><span><i class="key median"></i>median coin flip</span>
<span><i class="key dashes"></i>rotations, 5 and 95 %</span></p>
${equityPlot(account, `Account value of ${name} among its controls`, charted)}
<h3>Drawdown <small>below the highest value so far</small></h3>
${drawdownPlot(account)}
<figcaption>${drawdownCaption(account)}</figcaption></figure>`;
}

/** An account value alone, and its drawdown. */
export function accountAlone(account: ChartedAccount): Markup {
  return html`<figure class="keep-together"><h4>Account value <small>US dollars, marked to the closes</small></h4>
${equityPlot(account, `Account value of ${account.name}`)}
<h4>Drawdown <small>below the highest value so far</small></h4>
${drawdownPlot(account)}
<figcaption>${drawdownCaption(account)}</figcaption></figure>`;
}

function equityPlot(account: ChartedAccount, title: string, controls?: ChartedControls): Markup {
  const { name, depositUsd, equity } = account;
  const { coinFlip, rotation, timesMs = [] } = controls ?? {};
  const fans = [coinFlip, rotation].flatMap((control) =>
    control === undefined ? [] : [...control.fanUsd.p05, ...control.fanUsd.p95],
  );
  const shown = [...equity.usd, depositUsd, ...fans.filter((value) => value !== null)];
  const [low, high] = extent(shown) as [number, number];
  const x = timeAxis(account.fromMs, account.toMs);
  const y = verticalAxis(low, high, 5, steppedLabel(low, high, 5));
  const start: Point = [account.fromMs, depositUsd];
  const curve = [start, ...pointsOf(equity.timesMs, equity.usd)];
  return plot({
    id: idOf(name, 'equity'),
    title,
    description:
      `It ended at ${formatUsd(equity.usd.at(-1) ?? null, 0)}; ` +
      `the deepest drawdown was ${formatPercent(account.maxDrawdownFraction)}.`,
    heightPx: controls === undefined ? 200 : 300,
    x: x.scale,
    xTicks: x.ticks,
    y: y.scale,
    yTicks: y.ticks,
    shapes: [
      coinFlip === undefined ? '' : fan(coinFlip, timesMs, start, x.scale, y.scale),
      shape('base', `M0 ${round(y.scale(depositUsd))}H${EXTENT}`),
      rotation === undefined ? '' : bounds(rotation, timesMs, start, x.scale, y.scale),
      shape('curve', path(curve, x.scale, y.scale)),
    ],
  });
}

function fan(control: ReportedControl, timesMs: readonly number[], start: Point, x: Scale, y: Scale): Markup[] {
  const { p05, p50, p95 } = control.fanUsd;
  const rows = [start[0], ...timesMs].map((timeMs, i) => ({
    timeMs,
    low: i === 0 ? start[1] : (p05[i - 1] ?? null),
    high: i === 0 ? start[1] : (p95[i - 1] ?? null),
  }));
  const band = area<(typeof rows)[number]>()
    .defined(({ low, high }) => low !== null && high !== null)
    .x(({ timeMs }) => x(timeMs))
    .y0(({ low }) => y(low ?? 0))
    .y1(({ high }) => y(high ?? 0))
    .digits(1);
  const median = [start, ...pointsOf(timesMs, p50)];
  return [shape('fan', band(rows) ?? ''), shape('median', path(median, x, y))];
}

function bounds(control: ReportedControl, timesMs: readonly number[], start: Point, x: Scale, y: Scale): Markup[] {
  const { p05, p95 } = control.fanUsd;
  return [p05, p95].map((edge) => shape('dashes', path([start, ...pointsOf(timesMs, edge)], x, y)));
}

function drawdownPlot(account: ChartedAccount): Markup {
  const { timesMs, fraction } = account.drawdown;
  const deepest = Math.max(0.01, ...fraction);
  const x = timeAxis(account.fromMs, account.toMs);
  const y = verticalAxis(-deepest, 0, 3, (value) => formatPercent(-value, deepest < 0.03 ? 1 : 0));
  const points = pointsOf(
    timesMs,
    fraction.map((value) => -value),
  );
  const fall = area<Point>()
    .x(([timeMs]) => x.scale(timeMs))
    .y0(y.scale(0))
    .y1(([, value]) => y.scale(value))
    .digits(1);
  return plot({
    id: idOf(account.name, 'drawdown'),
    title: `Drawdown of ${account.name}`,
    description: drawdownCaption(account),
    heightPx: 110,
    x: x.scale,
    xTicks: x.ticks,
    y: y.scale,
    yTicks: y.ticks,
    shapes: shape('fall', fall([[account.fromMs, 0], ...points]) ?? ''),
  });
}

function drawdownCaption({ drawdown, maxDrawdownFraction }: ChartedAccount): string {
  const { peakMs, troughMs, recoveredMs } = drawdown;
  if (peakMs === null || troughMs === null) return 'The account never fell below where it had been.';
  const [from, to] = [formatDay(peakMs), formatDay(troughMs)];
  const end =
    recoveredMs === undefined
      ? ''
      : recoveredMs === null
        ? '; it had not been made good when the data ended'
        : `; it was made good on ${formatDay(recoveredMs)}`;
  return (
    `The deepest fall, ${formatPercent(maxDrawdownFraction)}, went from its peak on ${from} ` +
    `to its trough on ${to}${end}. ` +
    'Values are marked to the closes of the candles, open positions included.'
  );
}

function pointsOf(timesMs: readonly number[], values: readonly (number | null)[]): Point[] {
  const points: Point[] = [];
  timesMs.forEach((timeMs, i) => {
    const value = values[i];
    if (value !== null && value !== undefined) points.push([timeMs, value]);
  });
  return points;
}

function path(points: readonly Point[], x: Scale, y: Scale): string {
  const draw = line<Point>()
    .x(([timeMs]) => x(timeMs))
    .y(([, value]) => y(value))
    .digits(1);
  return draw([...points]) ?? '';
}
