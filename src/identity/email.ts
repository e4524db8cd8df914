// The e-mail address of a person, wherever a request names one.
import { z } from 'zod'

/** As it is stored: Better Auth looks it up in lower case. */
export const email = z.string().trim().toLowerCase().max(254).pipe(z.email())
