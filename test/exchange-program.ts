import { systemTimer } from '../src/domain/clock.ts';
import { intervalMs } from '../src/domain/time.ts';
import { SimulatedExchange } from '../src/simulator/exchange.ts';
import { type PlayedCoin, PlayedMarket } from '../src/simulator/played-market.ts';
import { ScaledClock } from '../src/simulator/scaled-clock.ts';
import type { ExchangeReady, ExchangeTask } from './exchange-process.ts';
import { candlesOf, movedCoin, realCoin, walkedCoin } from './simulated-exchange.ts';

/** An exchange in a process of its own (see exchange-process.ts): says where it is, and ends when its input does. */
const task = JSON.parse(process.argv[2] as string) as ExchangeTask;
const coins = coinsOf(task);
const longestMs = Math.max(...coins.flatMap(candlesOf).map(({ interval }) => intervalMs(interval)));
const nowMs = systemTimer.nowMs();
const movedByMs = Math.floor((nowMs - task.playFromMs) / longestMs) * longestMs;
const scale = { startMs: nowMs, originMs: nowMs, speed: task.speed ?? 1 };
const { contextEveryMs, faults, limits } = task;
const exchange = await SimulatedExchange.start({
  clock: new ScaledClock(scale),
  market: new PlayedMarket({
    coins: coins.map((coin) => movedCoin(coin, movedByMs)),
    ...(contextEveryMs === undefined ? {} : { contextEveryMs }),
  }),
  ...(faults === undefined ? {} : { faults }),
  ...(limits === undefined ? {} : { limits }),
});
const ready: ExchangeReady = { url: exchange.url, scale, movedByMs };
process.stdout.write(`${JSON.stringify(ready)}\n`);
process.stdin.resume().once('end', () => void exchange.stop());

function coinsOf({ real, walked }: ExchangeTask): PlayedCoin[] {
  return [
    ...(real?.coins ?? []).map((coin) => realCoin(coin, real?.intervals)),
    ...(walked === undefined ? [] : walked.coins.map((coin) => walkedCoin(coin, walked))),
  ];
}
