import { CandorError } from '../domain/errors.ts';
import { formatTime } from '../domain/time.ts';
import type { MarketDatabase } from '../market/database.ts';
import { claimAlone, type SoleClaim } from '../market/sole-claim.ts';
import type { Context } from './context.ts';

/**
 * The right to change what strategies trade with. A run decides on the incumbent that it began with, so that nobody may
 * roll it back meanwhile: what was found about the one would be done to the other.
 *
 * @throws CandorError while another process has it
 */
export function claimOptimizing(db: MarketDatabase, { clock }: Context): SoleClaim {
  return claimAlone(
    db,
    {
      role: 'optimizer',
      refusal: ({ pid, since_ms }, cause) =>
        new CandorError(`another optimiser is at work on ${db.name}: process ${pid}, since ${formatTime(since_ms)}`, {
          hint: 'Let it finish; --dry-run and --history are possible all the while.',
          cause,
        }),
    },
    clock,
  );
}
