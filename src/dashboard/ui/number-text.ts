const format = new Intl.NumberFormat('en')

export const numberText = (count: number) => format.format(count)
