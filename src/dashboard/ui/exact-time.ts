const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })

export const exactTime = (time: string | number) => exact.format(new Date(time))
