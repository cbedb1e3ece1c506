import { StateIcon } from "../../../../ui/state-icon.tsx";
import type { RoundMember } from "../../model/members.ts";
import type { RoundStrip } from "../../model/strip.ts";
import { standings } from "../../model/strip.ts";
import { memberLook, membersSentence, standingLooks, tileText } from "./strip-words.ts";
import styles from "./tiles.module.css";

/** The members of the open round. */
export interface MembersProps {
  readonly strip: RoundStrip;
}

/** Members as tiles, squares or a bar, by how many they are. */
export function Members({ strip }: MembersProps) {
  if (strip.members.length === 0 || strip.form === "bar") return <MembersBar strip={strip} />;
  return strip.form === "tiles" ? <Tiles strip={strip} /> : <Squares strip={strip} />;
}

function Tiles({ strip }: MembersProps) {
  const nowMs = strip.clock?.nowMs ?? null;
  return (
    <ul className={styles["tiles"]} aria-label={membersSentence(strip)}>
      {strip.members.map((member) => (
        <Tile key={member.index} member={member} text={tileText(member, nowMs)} />
      ))}
    </ul>
  );
}

function Tile({ member, text }: { readonly member: RoundMember; readonly text: string }) {
  const look = memberLook(member);
  return (
    <li
      className={styles["tile"]}
      data-tone={look.tone}
      title={`${member.name}: ${look.word}, ${text}`}
    >
      <span className={styles["name"]}>{member.name}</span>
      <StateIcon icon={look.icon} />
      <span className={styles["text"]}>{text}</span>
    </li>
  );
}

function Squares({ strip }: MembersProps) {
  return (
    <div className={styles["squares"]} role="img" aria-label={membersSentence(strip)}>
      {strip.members.map((member) => (
        <i
          key={member.index}
          className={styles["square"]}
          data-tone={memberLook(member).tone}
          title={`${member.name}: ${memberLook(member).word}`}
        />
      ))}
    </div>
  );
}

function MembersBar({ strip }: MembersProps) {
  const { counts, selected } = strip;
  if (counts === null || selected === null || selected === 0) return null;
  return (
    <div className={styles["bar"]} role="img" aria-label={membersSentence(strip)}>
      {standings.map((standing) => (
        <i
          key={standing}
          className={styles["part"]}
          data-tone={standingLooks[standing].tone}
          data-standing={standing}
          style={{ width: `${(100 * counts[standing]) / selected}%` }}
        />
      ))}
    </div>
  );
}
