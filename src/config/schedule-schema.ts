import { validateDetailed } from 'node-cron';
import { z } from 'zod';

/** As node-cron reads it; seconds, which it would take as a sixth field in front, are none of a schedule's business. */
export const cronExpression = z.string().superRefine((text, context) => {
  const fields = text.trim().split(/\s+/).length;
  const { errors } = validateDetailed(text);
  const [error] = errors;
  if (error === undefined && fields === 5) return;
  const why =
    fields === 5 && error !== undefined
      ? `${error.field} ${error.value ?? ''}`.trim()
      : 'it has five fields: minute, hour, day of the month, month, day of the week';
  context.addIssue({ code: 'custom', message: `'${text}' is no schedule (${why}); write it like '0 6 1 * *'` });
});

/** A time zone by its IANA name. */
export const timeZone = z.string().superRefine((name, context) => {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
  } catch {
    context.addIssue({
      code: 'custom',
      message: `there is no time zone '${name}'; they are called UTC or Europe/Berlin`,
    });
  }
});
