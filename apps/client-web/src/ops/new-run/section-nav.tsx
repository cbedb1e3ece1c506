import { Check, Circle, OctagonX } from "lucide-react";
import { useEffect, useState } from "react";
import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import { sectionId } from "./schema-form.tsx";
import type { Section, SectionMark } from "./sections.ts";
import { words } from "./words.ts";
import styles from "./section-nav.module.css";

const icons = { wrong: OctagonX, set: Check, untouched: Circle } as const;
const heard: Readonly<Record<SectionMark, string>> = {
  ...{ wrong: ", has something to fix", set: ", set", untouched: ", as by itself" },
};

/** What the list of sections shows. */
export interface SectionNavProps {
  readonly sections: readonly Section[];
  /** How many settings differ from the preset, and of how many. */
  readonly changed: number;
  readonly all: number;
  readonly isFiltered: boolean;
  readonly onFilter: (isFiltered: boolean) => void;
}

/** The sections of the form, how far each is, and what differs from the preset. */
export function SectionNav({ sections, changed, all, isFiltered, onFilter }: SectionNavProps) {
  const current = useCurrentSection(sections);
  const [count, text] = words.differ(changed, all);
  return (
    <nav aria-label={words.sections} className={styles["nav"]}>
      <ul className={styles["list"]}>
        {sections.map(({ id, title, mark }) => {
          const Mark = icons[mark];
          return (
            <li key={id}>
              <a
                href={`#${sectionId(id)}`}
                className={styles["link"]}
                aria-current={id === current ? "true" : undefined}
                data-mark={mark}
              >
                <Mark size={15} strokeWidth={mark === "set" ? 2.4 : 2} aria-hidden />
                <span>
                  {title}
                  <VisuallyHidden>{heard[mark]}</VisuallyHidden>
                </span>
              </a>
            </li>
          );
        })}
      </ul>
      <p className={styles["changes"]}>
        {changed === 0 && !isFiltered ? (
          words.nothingDiffers
        ) : (
          <>
            <b>{count}</b> {text}{" "}
            <button
              type="button"
              className={styles["filter"]}
              aria-pressed={isFiltered}
              onClick={() => {
                onFilter(!isFiltered);
              }}
            >
              {isFiltered ? words.showAll : words.showOnlyThese}
            </button>
          </>
        )}
      </p>
    </nav>
  );
}

/** The section that is being looked at: the first one that reaches into the upper third of the window. */
function useCurrentSection(sections: readonly Section[]): string | null {
  const [current, setCurrent] = useState<string | null>(null);
  const ids = sections.map(({ id }) => id).join();
  useEffect(() => {
    const inView = new Set<string>();
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (isIntersecting) inView.add(target.id);
          else inView.delete(target.id);
        }
        setCurrent(ids.split(",").find((id) => inView.has(sectionId(id))) ?? null);
      },
      { rootMargin: "-15% 0px -60% 0px" },
    );
    for (const id of ids.split(",")) {
      const section = document.getElementById(sectionId(id));
      if (section !== null) observer.observe(section);
    }
    return () => {
      observer.disconnect();
    };
  }, [ids]);
  return current;
}
