import { Braces, Monitor, Plug } from "lucide-react";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { NumberField } from "../../ui/number-field.tsx";
import { RadioCards } from "../../ui/radio-cards.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Select } from "../../ui/select.tsx";
import { Switch } from "../../ui/switch.tsx";
import { TabLinks, Tabs } from "../../ui/tabs.tsx";
import { TextField } from "../../ui/text-field.tsx";
import styles from "./gallery.module.css";

function PrivacyFields() {
  const [noise, setNoise] = useState<number | null>(0.62);
  const [rank, setRank] = useState<number | null>(8);
  const [name, setName] = useState("message-triage");
  const [kind, setKind] = useState("lora");
  const [note, setNote] = useState('{ "rank": 8 }');
  return (
    <div className={styles["pair"]}>
      <TextField
        label="Name"
        configKey="name"
        value={name}
        onChange={setName}
        help="Letters, digits, hyphens"
      />
      <NumberField
        label="Rank"
        configKey="adapter.rank"
        value={rank}
        onChange={setRank}
        min={1}
        max={64}
        step={1}
        help="1 to 64"
      />
      <Select
        label="Adapter kind"
        configKey="adapter.kind"
        value={kind}
        onChange={setKind}
        options={[
          { value: "lora", label: "lora", detail: "two low-rank factors" },
          { value: "rslora", label: "rslora", detail: "the same, scaled by the root of the rank" },
          { value: "vera", label: "vera" },
        ]}
        help="Also: rslora, vera"
      />
      <NumberField
        label="Noise multiplier"
        configKey="privacy.noiseMultiplier"
        isChanged
        value={noise}
        onChange={setNoise}
        unit="σ ÷ clip norm"
        error={
          <>
            40 rounds at 0.62 would spend ε 5.93; the limit is 3.0. Use at least <b>1.04</b>.{" "}
            <Button kind="link" onClick={() => setNoise(1.04)}>
              Set 1.04
            </Button>
          </>
        }
      />
      <TextField label="As JSON" isCode rows={3} value={note} onChange={setNote} />
      <TextField label="Locked" isDisabled value="from the checkpoint" onChange={() => undefined} />
    </div>
  );
}

/** All controls. */
export function FormsPart() {
  const [method, setMethod] = useState("fedsa-lora");
  const [pace, setPace] = useState("normal");
  const [isOn, setOn] = useState(true);
  const [isAwake, setAwake] = useState(false);
  const [isTicked, setTicked] = useState(false);
  const [tab, setTab] = useState("form");
  return (
    <div className={styles["grid"]}>
      <Card title="Form" className={styles["c8"]} size="large">
        <div className={styles["stack"]}>
          <RadioCards
            label="Method"
            value={method}
            onChange={setMethod}
            options={[
              {
                value: "fedsa-lora",
                title: "fedsa-lora",
                text: "Shares A; B and the head stay with each client.",
                meta: "147.6 kB up, personal",
              },
              {
                value: "ffa-lora",
                title: "ffa-lora",
                text: "Freezes A; shares B. Exact mean.",
                meta: "166.0 kB up, exact",
              },
              {
                value: "fedsvd",
                title: "fedsvd",
                text: "Shares B, re-factors every few rounds.",
                meta: "166.0 kB up, exact",
              },
            ]}
          />
          <PrivacyFields />
        </div>
      </Card>
      <Card title="This device" className={styles["c4"]} size="large">
        <div className={styles["stack"]}>
          <Segmented
            label="How hard may it work?"
            isWide
            value={pace}
            onChange={setPace}
            options={[
              { value: "gentle", label: "Gentle" },
              { value: "normal", label: "Normal" },
              { value: "full", label: "Full" },
            ]}
          />
          <div>
            <Switch label="Only on mains power" icon={Plug} isOn={isOn} onChange={setOn} />
            <Switch
              label="Keep the screen on"
              icon={Monitor}
              isOn={isAwake}
              onChange={setAwake}
              help="Otherwise training stops when it sleeps."
            />
            <Switch label="Differential privacy (DP-SGD)" isLeading isOn={isOn} onChange={setOn} />
          </div>
          <Checkbox
            label="I know that there is no numerical promise in this run"
            isChecked={isTicked}
            onChange={setTicked}
          />
          <TabLinks
            label="Views of this run"
            current="/runs/a"
            tabs={[
              { href: "/runs/a", label: "Overview" },
              { href: "/runs/a/rounds", label: "Rounds", count: "27" },
              { href: "/runs/a/participants", label: "Participants", count: "38" },
              { href: "/runs/a/privacy", label: "Privacy" },
            ]}
          />
          <Tabs
            label="Form or JSON"
            value={tab}
            onChange={setTab}
            tabs={[
              { value: "form", label: "Form", panel: "A form." },
              {
                value: "json",
                label: (
                  <>
                    <Braces size={14} aria-hidden /> JSON
                  </>
                ),
                panel: "{ }",
              },
            ]}
          />
        </div>
      </Card>
    </div>
  );
}
