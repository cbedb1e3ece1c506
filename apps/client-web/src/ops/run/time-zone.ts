/** The zone in which this page tells times: asked once, since asking takes longer than formatting. */
export const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
