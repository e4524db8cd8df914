const format = new Intl.NumberFormat()

export const numberText = (count: number) => format.format(count)
