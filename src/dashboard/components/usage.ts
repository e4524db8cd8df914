// Whether use is counted. As long as it is not, "never used" would be a claim that nobody has checked.

export const isUsageCounted: boolean = false

export const notCounted = 'Usage counting is not switched on yet'
