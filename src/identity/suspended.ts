/** Told to the people of a suspended account where they would do more than read. */
export const suspendedDetail =
  'This account is suspended: its people may read. Ask who operates this deployment.'
