import { createHash } from 'node:crypto';
import { settlingsOf } from '../backtest/settling.ts';
import type { SeriesSpan } from '../backtest/study-data.ts';
import { planSpan, type SpanPlan, spanRequestOf } from '../backtest/study-data.ts';
import { loadStudy } from '../config/study-file.ts';
import { CandorError, didYouMean, UsageError } from '../domain/errors.ts';
import type { Study } from '../domain/study.ts';
import { formatDate, formatTime } from '../domain/time.ts';
import { type EpochMs, epochMs } from '../domain/units.ts';
import { covers, type Seal, sealsIn } from '../evidence/seal.ts';
import { canonical, plain } from '../evidence/trial-keys.ts';
import { appendTrial } from '../evidence/trial-ledger.ts';
import type { LedgerLine, RecordedUnseal, UnsealEntry } from '../evidence/trial-lines.ts';
import { keepLine } from '../market/trial-store.ts';
import { confirmed } from './confirmation.ts';
import type { Context, ExitCode } from './context.ts';
import { withDatabase } from './database.ts';
import { ledgerOf, ledgerPathOf, requireWritable } from './keeping.ts';
import { openCandles } from './study-candles.ts';
import { judgeAndKeep } from './study-keep.ts';
import { type Lineup, lineUp } from './study-run.ts';

export interface UnsealOptions {
  readonly study: string;
  readonly yes?: true;
  readonly json?: true;
}

/**
 * Spends a seal: names strategies, params, risk cell and gates on record, then runs the study of exactly these on the
 * sealed candles, once. Where that run was broken off before its result was on record, the same command carries it out;
 * no other may.
 */
export async function run(names: readonly string[], options: UnsealOptions, context: Context): Promise<ExitCode> {
  const { root, workingDirectory, config } = context;
  const asked = withStrategies(loadStudy(options.study, { root, workingDirectory, seed: config.seed }), names);
  const lineup = await lineUp(asked, context);
  for (const failure of lineup.failures.values()) {
    throw new CandorError(`${failure.name} cannot be run, so nothing is unsealed: ${failure.error.message}`, {
      details: [...failure.error.details],
      ...(failure.error.hint !== undefined && { hint: failure.error.hint }),
    });
  }
  const { lines, lost } = ledgerOf(context);
  requireSeals(lost);
  const seals = holdingOf(lines, lineup.coins);
  const fromMs = epochMs(Math.min(...seals.map(({ line }) => line.fromMs)));
  const settlings = settlingsOf(asked, lineup.chosen);
  const lifted = seals.map(({ line }) => line.hash);
  const { seed, source: preferredSource, fees, slippageBps, gates } = config;
  const candles = await openCandles(
    {
      ...{ wanted: spanRequestOf(asked), coins: lineup.coins, settlings, preferredSource, seed, lifted },
      ...{ isSyntheticWanted: false, asSeen: false },
    },
    context,
  );
  try {
    const { source } = candles;
    requireReal(source.isSynthetic);
    const spans = lineup.coins.flatMap((coin) => settlings.map(({ interval }) => source.span(coin, interval)));
    const toMs = newestOf(spans);
    requireStored({ fromMs, toMs }, lineup.coins);
    const study = { ...asked, span: { fromMs, toMs } };
    const plan = planSpan(spanRequestOf(study), settlings, spans);
    requireWritable('study', context);
    const entry = entryOf(study, lineup, { seals: lifted, fromMs }, context);
    const unseal = openedBefore(seals, entry) ?? (await unsealNow(entry, plan, lineup.coins, options, context));
    if (unseal === undefined) return 1;
    const settings = { source: preferredSource, fees, slippageBps, gates };
    const json = options.json === true;
    return await judgeAndKeep({ study, lineup, plan, source, settings, seed, json, unseal }, context);
  } finally {
    candles.close();
  }
}

/** @throws UsageError for a strategy that is not in the study, with the nearest names */
function withStrategies(study: Study, names: readonly string[]): Study {
  const known = study.strategies.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new UsageError(`the study '${study.name}' has no strategy '${name}'`, { hint: didYouMean(name, known) });
  }
  return { ...study, strategies: study.strategies.filter(({ name }) => names.includes(name)) };
}

/** @throws CandorError where the ledger lacks lines about seals: one that is spent twice would be none */
function requireSeals(lost: readonly LedgerLine[]): void {
  const missing = lost.filter(
    (line) => line.kind === 'seal' || line.kind === 'unseal' || (line.kind === 'study' && line.unseal !== undefined),
  );
  if (missing.length === 0) return;
  throw new CandorError(
    'the trial ledger lacks lines about seals that this database has seen, so nothing is unsealed',
    {
      details: missing.map(
        ({ sequence, kind, recordedAtMs }) => `line ${sequence}: ${kind} of ${formatDate(recordedAtMs)}`,
      ),
      hint: "Restore backtests/trials.jsonl from git ('git log -p' shows its lines), then run the command again.",
    },
  );
}

/** The seals that hold for any of these coins. @throws UsageError where there is none */
function holdingOf(lines: readonly LedgerLine[], coins: readonly string[]): Exclude<Seal, { state: 'spent' }>[] {
  const ofCoins = sealsIn(lines).filter(({ line }) => coins.some((coin) => covers(line, coin)));
  const holding = ofCoins.filter((seal): seal is Exclude<Seal, { state: 'spent' }> => seal.state !== 'spent');
  if (holding.length > 0) return holding;
  const spent = ofCoins.findLast((seal): seal is Extract<Seal, { state: 'spent' }> => seal.state === 'spent');
  const names = spent?.unseal.strategies.map(({ name }) => name);
  throw new UsageError(
    spent === undefined
      ? `nothing of ${coins.join(', ')} is sealed`
      : `the seal on ${coins.join(', ')} was spent on ${formatDate(spent.study.recordedAtMs)}, ` +
          `for ${[...new Set(names)].join(', ')}`,
    {
      hint:
        spent === undefined
          ? "'candor seal --from DATE' seals what follows a date."
          : "A seal is spent once. 'candor seal --from DATE' seals candles that are still to come.",
    },
  );
}

function requireReal(isSynthetic: boolean): void {
  if (!isSynthetic) return;
  throw new CandorError('there are no candles here, and a seal is not spent on an invented market', {
    hint: "Record or import them first: 'candor ingest', 'candor import FILE…'.",
  });
}

/** @throws CandorError where all candles are older than the seal: there is nothing yet to spend it on */
function requireStored({ fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs }, coins: readonly string[]): void {
  if (toMs > fromMs) return;
  throw new CandorError(`no sealed candle of ${coins.join(', ')} is stored yet, so nothing is unsealed`, {
    details: [`sealed from ${formatTime(fromMs)} on; the stored candles end at ${formatTime(toMs)}`],
    hint: "Record or import what follows: 'candor ingest', 'candor import FILE…'. The seal holds until then.",
  });
}

function newestOf(spans: readonly SeriesSpan[]): EpochMs {
  return epochMs(Math.min(...spans.map(({ lastCloseMs }) => lastCloseMs)));
}

/** What is frozen; the end of the span is not, for candles go on while nobody looks. */
function entryOf(
  study: Study,
  { chosen }: Lineup,
  { seals, fromMs }: { readonly seals: readonly string[]; readonly fromMs: number },
  { config: { gates, fees, slippageBps, seed, source } }: Context,
): UnsealEntry {
  const files = new Map(chosen.map(({ loaded: { strategy, sha256 } }) => [strategy.name, sha256]));
  const strategies = study.strategies.map(({ name, params, choose }, i) => ({
    name,
    fileSha256: files.get(name) ?? '',
    params: plain({ ...(choose === undefined ? chosen[i]?.built.params : { ...params, choose }) }),
  }));
  const { span: _span, ...frozen } = study;
  const whole = canonical([plain(frozen), strategies, gates, fees, slippageBps, seed, source, fromMs]);
  return {
    ...{ kind: 'unseal', seals: [...seals], study: study.name, strategies, coins: [...study.coins] },
    ...{ interval: study.interval, confirm: [...study.confirm], fromMs, cell: plain(study.cell) },
    ...{ gates: { ...gates }, fees: { ...fees }, slippageBps, seed, controls: { ...study.controls } },
    frozenSha256: createHash('sha256').update(whole).digest('hex'),
  };
}

/**
 * The line that unsealed exactly this before, where its study is not on record yet.
 *
 * @throws UsageError where something else was named
 */
function openedBefore(
  seals: readonly Exclude<Seal, { state: 'spent' }>[],
  entry: UnsealEntry,
): RecordedUnseal | undefined {
  const opened = seals.find((seal) => seal.state === 'unsealed');
  if (opened?.state !== 'unsealed') return undefined;
  const { unseal } = opened;
  if (unseal.frozenSha256 === entry.frozenSha256) return unseal;
  const names = [...new Set(unseal.strategies.map(({ name }) => name))];
  throw new UsageError(`these candles were unsealed on ${formatDate(unseal.recordedAtMs)} for another study`, {
    details: [`${names.join(', ')} of '${unseal.study}', with its files, params, risk cell and gates of that day`],
    hint: `Restore these from git, and run 'candor unseal ${names.join(' ')} --study ${unseal.study}'.`,
  });
}

async function unsealNow(
  entry: UnsealEntry,
  { fromMs, toMs }: SpanPlan,
  coins: readonly string[],
  options: UnsealOptions,
  context: Context,
): Promise<RecordedUnseal | undefined> {
  const { out } = context;
  out.note(`study '${entry.study}', risk cell and gates as they are;`);
  out.note('frozen, and on record before anything is seen:');
  for (const { name, fileSha256, params } of entry.strategies) {
    const values = Object.entries(params).map(([param, value]) => `${param} ${value}`);
    out.note(`  ${name} (${fileSha256.slice(0, 12)})${values.length === 0 ? '' : `: ${values.join(', ')}`}`);
  }
  out.note(`runs once on ${coins.join(', ')}, ${formatTime(fromMs)} to ${formatTime(toMs)};`);
  out.note('then these are spent for everybody');
  const question = 'Spend the seal? There is no second time.';
  if (!options.yes && !(await confirmed(question, 'Spend it with --yes.', context))) return undefined;
  const line = appendTrial(
    ledgerPathOf(context),
    (lines): UnsealEntry => {
      const taken = sealsIn(lines).find((seal) => entry.seals.includes(seal.line.hash) && seal.state !== 'sealed');
      if (taken === undefined) return entry;
      throw new UsageError('somebody else has just unsealed these candles', { hint: "'candor trials' shows who." });
    },
    context.clock,
  );
  await withDatabase(context, (db) => keepLine(db, { hash: line.hash, text: JSON.stringify(line) }));
  return line;
}
