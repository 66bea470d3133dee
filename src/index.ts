/**
 * The package's face: what a strategy may use, and all that it may import.
 *
 *     import { defineStrategy, int } from 'candor';
 */

export type { Interval } from './domain/time.ts';
export type { IndicatorOptions } from './series/indicator.ts';
export type { Bands, Macd, Market } from './series/market.ts';
export { type Scan, type ScanArgs, scan } from './series/scan.ts';
export { type Bet, Condition, Series } from './series/series.ts';
export { defineStrategy, type Side, type Strategy, type StrategyInput, type Thesis } from './strategy/define.ts';
export { choice, int, type Param, real, type Values } from './strategy/params.ts';
