//! Tables that fit their screen.

use super::{Screen, Tone, harmless};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

const GAP: usize = 2;
/// A cell that shrinks keeps so much, whatever else there is.
const KEPT_MIN: usize = 8;
/// A column that can be left out is not shown at the price of cells narrower than this.
const KEPT_BESIDE_SPARE: usize = 20;

/// A column, and what becomes of it where there is no room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    heading: &'static str,
    room: Room,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Whole,
    Shrinks,
    Spare,
    SpareText,
}

impl Room {
    const fn is_spare(self) -> bool {
        matches!(self, Self::Spare | Self::SpareText)
    }

    const fn shrinks(self) -> bool {
        matches!(self, Self::Shrinks | Self::SpareText)
    }
}

impl Column {
    /// Always whole: an id that was cut is of no use.
    pub(crate) const fn whole(heading: &'static str) -> Self {
        Self { heading, room: Room::Whole }
    }

    /// Cut where it has to be, with `…` at the cut.
    pub(crate) const fn shrinks(heading: &'static str) -> Self {
        Self { heading, room: Room::Shrinks }
    }

    /// Whole, or left out; the last of them goes first. Also left out where all its cells are empty.
    pub(crate) const fn spare(heading: &'static str) -> Self {
        Self { heading, room: Room::Spare }
    }

    /// The same, but cut before it is left out.
    pub(crate) const fn spare_text(heading: &'static str) -> Self {
        Self { heading, room: Room::SpareText }
    }
}

/// A text in a table. It may come from anybody.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: harmless(text.as_ref()), tone: Tone::Plain }
    }

    pub(crate) fn toned(tone: Tone, text: impl AsRef<str>) -> Self {
        Self { tone, ..Self::new(text) }
    }

    /// A status in its colour.
    pub(crate) fn status(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::of_status(text.as_ref()), text)
    }
}

#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    columns: [Column; COLUMNS],
    rows: Vec<[Cell; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) const fn new(columns: [Column; COLUMNS]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, row: [Cell; COLUMNS]) {
        self.rows.push(row);
    }

    /// The heading and the rows.
    pub(crate) fn render(&self, screen: &Screen) -> String {
        let widths = self.widths(screen.width);
        let heading = self.columns.map(|column| Cell::toned(Tone::Strong, column.heading));
        let rows = std::iter::once(&heading).chain(&self.rows);
        rows.map(|row| rendered(row, &widths, screen.colored)).collect::<Vec<_>>().join("\n")
    }

    /// The width of each column; none of one that is left out.
    fn widths(&self, screen: usize) -> [Option<usize>; COLUMNS] {
        let whole: [Option<usize>; COLUMNS] = std::array::from_fn(|index| {
            let cells = self.rows.iter().map(|row| row[index].text.width());
            let widest = cells.max().unwrap_or(0);
            let column = &self.columns[index];
            (!column.room.is_spare() || widest > 0).then(|| widest.max(column.heading.width()))
        });
        let mut widths = whole;
        while self.narrowest(&widths, KEPT_BESIDE_SPARE) > screen {
            let spare = |index: &usize| self.columns[*index].room.is_spare() && widths[*index].is_some();
            let Some(last) = (0..COLUMNS).rev().find(spare) else { break };
            widths[last] = None;
        }
        // One that is narrower may fit where another one did not.
        for index in 0..COLUMNS {
            let mut more = widths;
            more[index] = whole[index];
            if widths[index].is_none() && self.narrowest(&more, KEPT_BESIDE_SPARE) <= screen {
                widths = more;
            }
        }
        while total(&widths) > screen {
            let shrinks = |(index, width): (usize, &Option<usize>)| {
                let kept = self.columns[index].heading.width().max(KEPT_MIN);
                let width = width.filter(|width| self.columns[index].room.shrinks() && *width > kept)?;
                Some((width, index))
            };
            let Some((width, widest)) = widths.iter().enumerate().filter_map(shrinks).max() else { break };
            widths[widest] = Some(width - 1);
        }
        widths
    }

    /// The total if every cell that shrinks was cut down to `kept`.
    fn narrowest(&self, widths: &[Option<usize>; COLUMNS], kept: usize) -> usize {
        let least = |index: usize| if self.columns[index].room.shrinks() { kept } else { usize::MAX };
        let cut =
            std::array::from_fn::<_, COLUMNS, _>(|index| widths[index].map(|width| width.min(least(index))));
        total(&cut)
    }
}

fn total(widths: &[Option<usize>]) -> usize {
    let shown = widths.iter().flatten();
    shown.clone().sum::<usize>() + GAP * shown.count().saturating_sub(1)
}

fn rendered(row: &[Cell], widths: &[Option<usize>], colored: bool) -> String {
    let mut line = String::new();
    // Spaces are written only before something, so that no line ends with them.
    let mut owed = 0;
    for (cell, width) in row.iter().zip(widths).filter_map(|(cell, width)| Some((cell, (*width)?))) {
        let text = cut(&cell.text, width);
        if text.is_empty() {
            owed += width + GAP;
            continue;
        }
        line.push_str(&" ".repeat(owed));
        line.push_str(&cell.tone.paint(&text, colored));
        owed = width.saturating_sub(text.width()) + GAP;
    }
    line
}

/// The text within a width, with `…` where it was cut.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut left = width.saturating_sub(1);
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        kept.push(letter);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actas_domain::time::UnixMillis;

    fn screen(width: usize) -> Screen {
        Screen { width, colored: false, now: UnixMillis::from_millis(0), utc: false }
    }

    fn table() -> Table<4> {
        let mut table = Table::new([
            Column::whole("ID"),
            Column::shrinks("NAME"),
            Column::shrinks("MAIL"),
            Column::spare("MORE"),
        ]);
        table.add(["act_1", "Bob Customer the Third", "bob@example.com", "user_12"].map(Cell::new));
        table.add(["act_22", "李小龙", "", "user_3"].map(Cell::new));
        table
    }

    #[test]
    fn all_is_shown_where_there_is_room() {
        insta::assert_snapshot!(table().render(&screen(80)), @r"
        ID      NAME                    MAIL             MORE
        act_1   Bob Customer the Third  bob@example.com  user_12
        act_22  李小龙                                   user_3
        ");
    }

    #[test]
    fn what_can_be_spared_goes_first_and_then_texts_are_cut() {
        insta::assert_snapshot!(table().render(&screen(48)), @r"
        ID      NAME                    MAIL
        act_1   Bob Customer the Third  bob@example.com
        act_22  李小龙
        ");
        insta::assert_snapshot!(table().render(&screen(32)), @r"
        ID      NAME         MAIL
        act_1   Bob Custom…  bob@exampl…
        act_22  李小龙
        ");
    }

    #[test]
    fn a_text_that_can_be_spared_is_cut_first() {
        let mut table = Table::new([Column::whole("ID"), Column::spare_text("WHY"), Column::spare("MORE")]);
        table.add(["act_1", "because it was asked for by telephone", "user_12"].map(Cell::new));
        insta::assert_snapshot!(table.render(&screen(40)), @r"
        ID     WHY                       MORE
        act_1  because it was asked fo…  user_12
        ");
        insta::assert_snapshot!(table.render(&screen(30)), @r"
        ID     WHY
        act_1  because it was asked f…
        ");
        insta::assert_snapshot!(table.render(&screen(20)), @r"
        ID     MORE
        act_1  user_12
        ");
    }

    #[test]
    fn a_column_that_fits_is_shown_beside_one_that_does_not() {
        let spare = Column::spare;
        let mut table = Table::new([Column::whole("ID"), spare("CODE"), spare("LONG"), spare("BY")]);
        table.add(["1", "denied", "a text that is too long for this", "alice"].map(Cell::new));
        insta::assert_snapshot!(table.render(&screen(30)), @r"
        ID  CODE    BY
        1   denied  alice
        ");
    }

    #[test]
    fn what_must_be_whole_is_whole_and_the_rest_keeps_its_least() {
        for row in table().render(&screen(1)).lines() {
            assert!(row.width() <= 6 + 2 + 8 + 2 + 8, "{row}");
        }
        assert!(table().render(&screen(1)).contains("act_22"));
    }

    #[test]
    fn no_line_is_wider_than_its_screen() {
        for width in 30..90 {
            for row in table().render(&screen(width)).lines() {
                assert!(row.width() <= width, "{width}: {row}");
            }
        }
    }

    #[test]
    fn colours_do_not_count_and_names_cannot_bring_their_own() {
        let mut table = Table::new([Column::whole("STATUS"), Column::shrinks("NAME")]);
        table.add([Cell::status("active"), Cell::new("\u{1b}[31mred")]);
        let colored = Screen { colored: true, ..screen(80) };
        assert_eq!(
            table.render(&colored),
            "\u{1b}[1mSTATUS\u{1b}[0m  \u{1b}[1mNAME\u{1b}[0m\n\u{1b}[32mactive\u{1b}[0m  �[31mred"
        );
    }

    #[test]
    fn a_wide_letter_is_not_cut_in_half() {
        assert_eq!(cut("李小龙李小龙", 8), "李小龙…");
        assert_eq!(cut("李小龙李小龙", 7), "李小龙…");
        assert_eq!(cut("李小龙", 2), "…");
    }
}
