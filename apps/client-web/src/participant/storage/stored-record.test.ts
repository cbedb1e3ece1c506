import { recordOf } from "@fedtune/testkit";
import { describe, expect, test } from "vitest";
import { ownNumbersOf, toStored } from "./stored-record.ts";

describe("the numbers of a record that are this device's alone", () => {
  const record = recordOf(3, 6);
  const personal = new Float32Array(4);

  test("are its personal factors, not what it holds of the joint result nor what waits to be sent", () => {
    expect(ownNumbersOf(toStored({ ...record, personal }))).toBe(4);
  });

  test("before the first answer they are those that the update on its way will leave", () => {
    expect(ownNumbersOf(toStored({ ...record, personal: null }))).toBe(6);
  });

  test("are none where everything is shared, and in what is no record", () => {
    const shared = { ...record, personal: null, pending: null };
    expect(ownNumbersOf(toStored(shared))).toBe(0);
    expect([ownNumbersOf(undefined), ownNumbersOf({ personal })]).toEqual([0, 0]);
  });
});
