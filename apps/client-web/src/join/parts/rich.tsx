import styles from "./rich.module.css";

/** A text of the catalogue. */
export interface RichProps {
  /** May hold `**bold**` parts. */
  readonly text: string;
}

/** A text with its bold parts set so. */
export const Rich = ({ text }: RichProps) =>
  text.split("**").map((part, index) =>
    // The parts of one text never change places.
    index % 2 === 1 ? (
      <strong key={index} className={styles["bold"]}>
        {part}
      </strong>
    ) : (
      part
    ),
  );
