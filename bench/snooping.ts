/**
 * How often noise passes the tests for the best of many, at a nominal 5 %: `npx node bench/snooping.ts`, some minutes.
 * Not a matter of speed; it stands here because nobody waits for it in a test.
 */
import { renderTable } from '../src/cli/output.ts';
import { Prng } from '../src/domain/prng.ts';
import { type BootstrapOptions, realityCheck, superiorAbility } from '../src/evidence/superior-ability.ts';

const PERIODS = 480;
const RECORDS = 500;
const RESAMPLES = 199;
const ALPHA = 0.05;

interface Row {
  readonly trials: number;
  readonly stretches: number;
  readonly superiorAbility: number;
  readonly realityCheck: number;
}

function measure(trials: number, stretches: number, rng: Prng): Row {
  const options: BootstrapOptions = { q: stretches / PERIODS, resamples: RESAMPLES, indices: rng };
  const passed = { superiorAbility: 0, realityCheck: 0 };
  for (let record = 0; record < RECORDS; record++) {
    const values = Float64Array.from({ length: PERIODS * trials }, () => rng.normal());
    const matrix = { periods: PERIODS, trials, values };
    const spa = superiorAbility(matrix, options);
    const rc = realityCheck(matrix, options);
    if (spa.isAvailable && spa.value.consistent.pValue <= ALPHA) passed.superiorAbility++;
    if (rc.isAvailable && rc.value.pValue <= ALPHA) passed.realityCheck++;
  }
  return {
    trials,
    stretches,
    superiorAbility: passed.superiorAbility / RECORDS,
    realityCheck: passed.realityCheck / RECORDS,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const rows = [1, 20, 183].flatMap((trials) =>
  [20, 40, 80, 160, 480].map((stretches) => measure(trials, stretches, new Prng(trials).fork(`${stretches}`))),
);
const table = renderTable<Row>(
  [
    { title: 'trials', align: 'right', cell: ({ trials }) => String(trials) },
    { title: 'stretches', align: 'right', cell: ({ stretches }) => String(stretches) },
    { title: 'SPA passes', align: 'right', cell: (row) => percent(row.superiorAbility) },
    { title: 'Reality Check passes', align: 'right', cell: (row) => percent(row.realityCheck) },
  ],
  rows,
);
process.stdout.write(`${RECORDS} records of ${PERIODS} periods of noise, ${RESAMPLES} resamples\n\n${table}\n`);
