import styles from "./skip-link.module.css";

/** The first stop of the Tab key: past the navigation, to the element with this id. */
export const SkipLink = ({ to }: { readonly to: string }) => (
  <a href={`#${to}`} className={styles["skip"]}>
    Skip to the content
  </a>
);
