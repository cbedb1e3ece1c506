/** Putting the focus on a field that is known by its id. */

const controls =
  "input:not([type=hidden]):not([aria-hidden=true]), textarea, select, [role=radio][tabindex='0'], button";

/** Shows the element with an id and puts the focus on what is written or pressed in it. */
export function focusWithin(id: string): void {
  const place = document.getElementById(id);
  if (place === null) return;
  place.scrollIntoView({ block: "center" });
  const control = place.matches(controls) ? place : place.querySelector<HTMLElement>(controls);
  control?.focus({ preventScroll: true });
}
