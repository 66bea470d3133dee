import type { Clock } from '../../domain/clock.ts';
import { CandorError } from '../../domain/errors.ts';
import { formatTime } from '../../domain/time.ts';
import type { MarketDatabase } from '../database.ts';
import { claimAlone, type SoleClaim } from '../sole-claim.ts';

/**
 * Makes this process the one ingester of the database, until it lets go or dies. Whoever reads, imports or downloads
 * needs no claim.
 *
 * @throws CandorError while another process has it, with its pid and start
 */
export function claimIngestion(db: MarketDatabase, clock: Clock): SoleClaim {
  return claimAlone(
    db,
    {
      role: 'ingester',
      refusal: ({ pid, since_ms }, cause) =>
        new CandorError(`another ingester is at work on ${db.name}: process ${pid}, since ${formatTime(since_ms)}`, {
          hint: 'Let it work, or stop it first; reading, importing and exporting are possible all the while.',
          cause,
        }),
    },
    clock,
  );
}
