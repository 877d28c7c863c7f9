// What two persons change at once: how the later one's entries come together with what the other has put in force.

const isSection = value => typeof value === "object" && value !== null && !Array.isArray(value);
export const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

// The order of keys says nothing but among destinations, and there a form keeps it.
function sorted(value) {
  return isSection(value) ? Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key])]))
    : Array.isArray(value) ? value.map(sorted) : value;
}

/** What was entered (mine), on top of what is in force by now (theirs): both began with base. Where both changed one value, mine. */
export function merge(base, mine, theirs) {
  if (same(mine, base)) {
    return theirs;
  }
  if (!isSection(mine) || !isSection(theirs)) {
    return mine;
  }
  const before = isSection(base) ? base : {};
  const result = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = merge(before[key], mine[key], theirs[key]);
    if (value !== undefined) {
      result[key] = value;
    }
  }
  return result;
}

/** The values that differ, as "key: before → after". */
export function differences(before, after, at = "") {
  if (isSection(before) && isSection(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .flatMap(key => differences(before[key], after[key], at === "" ? key : `${at}:${key}`));
  }
  const word = value => value === undefined ? "not set" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return same(before, after) ? [] : [`${at}: ${word(before)} → ${word(after)}`];
}
