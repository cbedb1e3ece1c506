import { expect, it } from "vitest";
import { commandOf } from "./command.ts";

it("a command says what decides results, as a shell reads it", () => {
  const set = [
    { key: "seeds.count", value: 5 },
    { key: "name", value: "five" },
    { key: "description", value: "5" },
    { key: "base.model", value: "it's here" },
    { key: "report.targets", value: [0.8, 0.9] },
  ];
  expect(commandOf({ file: "a b.yaml", set, backend: "cpu" })).toBe(
    `fedtune simulate 'a b.yaml' --set seeds.count=5 --set name=five --set 'description="5"'` +
      ` --set 'base.model=it'\\''s here' --set 'report.targets=[0.8,0.9]' --backend cpu`,
  );
  expect(commandOf({ file: "x.yaml" })).toBe("fedtune simulate x.yaml");
});
