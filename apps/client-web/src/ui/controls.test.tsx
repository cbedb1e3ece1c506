/** Controls: names, descriptions and states as they are heard. */
import { Plus } from "lucide-react";
import { describe, expect, it } from "vitest";
import { byName, byRole, only, render, type Found } from "../test-support/markup.ts";
import { Button, LinkButton } from "./button.tsx";
import { Checkbox } from "./checkbox.tsx";
import { Copy, Hash } from "./copy.tsx";
import { DataTable } from "./data-table.tsx";
import { IconButton } from "./icon-button.tsx";
import { NumberField } from "./number-field.tsx";
import { RadioCards } from "./radio-cards.tsx";
import { Root } from "./root.tsx";
import { Segmented } from "./segmented.tsx";
import { Select } from "./select.tsx";
import { Switch } from "./switch.tsx";
import { TabLinks, Tabs } from "./tabs.tsx";
import { TextField } from "./text-field.tsx";

const ignore = (): void => undefined;
const buttons = (found: readonly Found[]): Found[] => found.filter(byName("button"));

describe("buttons", () => {
  it("do not send forms unless they are told to", () => {
    expect(only(render(<Button>Pause</Button>), byName("button")).attributes["type"]).toBe(
      "button",
    );
    expect(
      only(render(<Button type="submit">Sign in</Button>), byName("button")).attributes["type"],
    ).toBe("submit");
  });

  it("say that they are busy, and stay reachable", () => {
    const { attributes } = only(render(<Button isBusy>Saving</Button>), byName("button"));
    expect(attributes).toMatchObject({ "aria-busy": "true", "aria-disabled": "true" });
    expect(attributes["disabled"]).toBeUndefined();
  });

  it("that are only an icon have a name", () => {
    const { attributes } = only(
      render(<IconButton label="Close" icon={Plus} isPressed />),
      byName("button"),
    );
    expect(attributes).toMatchObject({ "aria-label": "Close", "aria-pressed": "true" });
  });

  it("that lead somewhere are links", () => {
    expect(
      only(render(<LinkButton href="/runs">All</LinkButton>), byName("a")).attributes["href"],
    ).toBe("/runs");
    const file = only(
      render(
        <LinkButton href="/x.csv" download>
          CSV
        </LinkButton>,
      ),
      byName("a"),
    );
    expect(file.attributes["download"]).toBeDefined();
  });

  it("a hash shows its ends and says what it is", () => {
    const found = render(
      <Root>
        <Hash value={"b41f".padEnd(60, "0") + "09c2"} label="Config" />
        <Copy text="x" label="Copy link" />
      </Root>,
    );
    expect(buttons(found).map(({ text }) => text)).toEqual(["b41f…09c2", "Copy link"]);
    expect(buttons(found)[0]!.attributes["aria-label"]).toBe("Config b41f…09c2, copy");
  });
});

describe("fields", () => {
  it("have a visible label that belongs to the input", () => {
    const found = render(
      <TextField label="Name" value="a" onChange={ignore} configKey="name" isChanged />,
    );
    const label = only(found, byName("label"));
    expect(label.text).toBe("Name");
    expect(found.map(({ text }) => text)).toEqual(expect.arrayContaining(["changed", "name"]));
    expect(only(found, byName("input")).attributes["value"]).toBe("a");
  });

  it("show the error instead of the help, with the fix inside", () => {
    const error = (
      <>
        Use at least 1.04. <Button kind="link">Set 1.04</Button>
      </>
    );
    const found = render(
      <NumberField label="Noise" value={0.62} onChange={ignore} help="σ" error={error} />,
    );
    expect(found[0]!.text).toContain("Use at least 1.04. Set 1.04");
    expect(found[0]!.text).not.toContain("σ");
    expect(found[0]!.attributes["data-invalid"]).toBeDefined();
  });

  it("numbers are written as they stand in a config", () => {
    const input = (value: number): string | undefined =>
      render(<NumberField label="x" value={value} onChange={ignore} />).find(byName("input"))
        ?.attributes["value"];
    expect([input(0.00001), input(360_000), input(0.0005)]).toEqual([
      "0.00001",
      "360000",
      "0.0005",
    ]);
  });

  it("long texts are areas", () => {
    expect(
      only(render(<TextField label="x" rows={3} value="a" onChange={ignore} />), byName("textarea"))
        .text,
    ).toBe("a");
  });

  it("a select shows the label of its value", () => {
    const options = [{ value: "lora", label: "LoRA" }] as const;
    const found = render(<Select label="Kind" value="lora" options={options} onChange={ignore} />);
    expect(only(found, byRole("combobox")).text).toBe("LoRA");
    const none = render(
      <Select
        label="Kind"
        value={null}
        options={options}
        onChange={ignore}
        placeholder="Choose a column"
      />,
    );
    expect(only(none, byRole("combobox")).text).toBe("Choose a column");
  });
});

describe("choices", () => {
  const options = [
    { value: "a", label: "Gentle" },
    { value: "b", label: "Full" },
  ] as const;

  it("segments are radios of a named group", () => {
    const found = render(<Segmented label="Pace" value="b" options={options} onChange={ignore} />);
    expect(only(found, byRole("radiogroup")).attributes["aria-label"]).toBe("Pace");
    expect(
      found.filter(byRole("radio")).map(({ attributes }) => attributes["aria-checked"]),
    ).toEqual(["false", "true"]);
  });

  it("cards are named by their title and described by the rest", () => {
    const cards = [
      { value: "a", title: "fedsa-lora", text: "Shares A.", meta: "147.6 kB" },
    ] as const;
    const found = render(<RadioCards label="Method" value="a" options={cards} onChange={ignore} />);
    const { attributes } = only(found, byRole("radio"));
    const at = (id: string | undefined): string | undefined =>
      found.find((one) => one.attributes["id"] === id)?.text;
    expect(at(attributes["aria-labelledby"])).toBe("fedsa-lora");
    expect(at(attributes["aria-describedby"])).toBe("Shares A.147.6 kB");
  });

  it("switches and boxes say whether they are on", () => {
    const found = render(
      <Switch label="Only on mains power" isOn onChange={ignore} help="Saves the battery." />,
    );
    expect(only(found, byRole("switch")).attributes["aria-checked"]).toBe("true");
    const box = render(
      <Checkbox label="Choose run a" isLabelHidden isChecked={false} onChange={ignore} />,
    );
    expect(only(box, byRole("checkbox")).attributes).toMatchObject({
      "aria-checked": "false",
      "aria-label": "Choose run a",
    });
  });

  it("views with an address are links, of which one is current; others are tabs", () => {
    const tabs = [
      { href: "/a", label: "Overview" },
      { href: "/a/rounds", label: "Rounds", count: "27" },
    ];
    const links = render(<TabLinks label="Views" tabs={tabs} current="/a/rounds" />);
    expect(links.filter(byName("a")).map(({ attributes }) => attributes["aria-current"])).toEqual([
      undefined,
      "page",
    ]);
    const panels = options.map((option) => ({ ...option, panel: option.value }));
    const found = render(<Tabs label="Views" value="a" tabs={panels} onChange={ignore} />);
    expect(only(found, byRole("tablist")).attributes["aria-label"]).toBe("Views");
    expect(only(found, byRole("tabpanel")).text).toBe("a");
  });
});

describe("tables", () => {
  const columns = [
    {
      id: "n",
      header: "Round",
      align: "end",
      cell: (n: number) => n,
      sortValue: (n: number) => n,
      phone: "title",
    },
    { id: "s", header: "Square", cell: (n: number) => n * n, phone: "fact" },
  ] as const;
  const table = (count: number) => (
    <DataTable
      caption="Rounds"
      columns={columns}
      rows={Array.from({ length: count }, (_, i) => i)}
      rowKey={String}
      sort={{ column: "n", isDescending: true }}
      onSort={ignore}
      empty={<p>None yet</p>}
    />
  );

  it("are native, with a caption, heads that sort, and the order that is on", () => {
    const found = render(table(3));
    expect(only(found, byName("caption")).text).toBe("Rounds");
    expect(found.filter(byName("th")).map(({ attributes }) => attributes["aria-sort"])).toEqual([
      "descending",
      undefined,
    ]);
    expect(buttons(found).map(({ text }) => text)).toEqual(["Round"]);
    expect(found.filter(byName("td")).map(({ text }) => text)).toEqual([
      "2",
      "Square4",
      "1",
      "Square1",
      "0",
      "Square0",
    ]);
  });

  it("of ten thousand rows draw what is seen, and say how many there are", () => {
    const found = render(table(10_000));
    expect(only(found, byName("table")).attributes["aria-rowcount"]).toBe("10001");
    const rows = found.filter((one) => one.attributes["aria-rowindex"] !== undefined);
    expect(rows.length).toBeLessThan(60);
    expect(rows[0]!.attributes["aria-rowindex"]).toBe("2");
  });

  it("without rows say so", () => expect(render(table(0))[0]!.text).toBe("None yet"));
});
