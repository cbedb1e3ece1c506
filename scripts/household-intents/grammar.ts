/** The grammar behind the "household intents" data set: what four households say to their assistant. */

/** The ten intents, in the order of labels.txt. */
export const INTENTS = [
  "lights",
  "heating",
  "music",
  "shopping_list",
  "timer",
  "weather",
  "calls",
  "cleaning",
  "door_lock",
  "recipes",
] as const;

export type Intent = (typeof INTENTS)[number];

/** How one household speaks and what it asks for. */
export interface Dialect {
  readonly name: string;
  /** Rows wanted per intent, train and test together: multiples of ten, so that a fifth is whole. */
  readonly rows: Readonly<Record<Intent, number>>;
  /** Said before, after and at the end of a request, each with the given chance. */
  readonly openers: Optional;
  readonly asides: Optional;
  readonly closers: Optional;
  /** What `{slot}` stands for in the templates. */
  readonly slots: Readonly<Record<string, readonly string[]>>;
  readonly templates: Readonly<Record<Intent, readonly string[]>>;
}

export interface Optional {
  readonly chance: number;
  readonly choices: readonly string[];
}

/** Phrases separated by `|`; line breaks and indentation do not count. */
function phrases(text: string): readonly string[] {
  const parts = text.split("|").map((part) => part.replace(/\s+/g, " ").trim());
  return parts.filter((part) => part !== "");
}

const FAMILY: Dialect = {
  name: "British family",
  rows: {
    lights: 30,
    heating: 60,
    music: 70,
    shopping_list: 120,
    timer: 60,
    weather: 40,
    calls: 30,
    cleaning: 50,
    door_lock: 20,
    recipes: 80,
  },
  openers: { chance: 0.3, choices: phrases("oi | right then | go on | ey up | hiya | here") },
  asides: {
    chance: 0.35,
    choices:
      phrases(`i'm on the phone to nan | the spuds are nearly done | it's hammering down outside |
      the kids want their tea | i've just hoovered | the telly's on | the front door's wide open |
      i can't hear the radio | it's freezing | the baby's asleep | your dad's playing his records |
      we've run out of time | the sun's out | i'm doing the big shop | the bell's just gone |
      the timer's been and gone | nan's ringing later | it's pitch black`),
  },
  closers: { chance: 0.3, choices: phrases("ta | cheers | yeah | love | mate") },
  slots: {
    onoff: phrases("on | off"),
    room: phrases(
      "kitchen | lounge | loo | landing | front room | kids' room | utility | nan's room",
    ),
    door: phrases("front door | back door | garage | side gate | shed"),
    food: phrases(`milk | spuds | eggs | cheese | bread | mince | onions | peas | teabags | bacon |
      butter | chicken | carrots`),
    dish: phrases("shepherd's pie | roast | crumble | lasagne | stew | cake | curry | yorkshires"),
    item: phrases(`light bulbs | hoover bags | batteries for the doorbell | a lock for the shed |
      phone credit for nan | a kitchen timer | bin bags | washing powder`),
    person: phrases(
      "nan | grandad | auntie Jo | the plumber | Dave next door | school | me mum | Kev",
    ),
    minutes: phrases(
      "five minutes | ten minutes | twenty mins | half an hour | a couple of minutes",
    ),
    degrees: phrases("nineteen | twenty | twenty one | eighteen degrees"),
    day: phrases("today | tomorrow | saturday | this aft | at the weekend | later on"),
    music: phrases(
      "some reggae | the radio | a bit of Motown | the kids' songs | Kev's playlist | summat loud",
    ),
    doing: phrases(
      "peel the spuds | do the washing up | lock up | hoover | bath the kids | cook the tea",
    ),
  },
  templates: {
    lights: phrases(`pop the {room} light {onoff} | stick the big light on in the {room} |
      someone's left the {room} light on, knock it off | make the {room} a bit brighter while i {doing} |
      can we have the {room} a bit dimmer | it's too dark to {doing} in the {room} |
      turn the {room} lamp down a tad | set the fairy lights off in the {room} at {degrees} percent |
      bung the {door} light on for {person}`),
    heating: phrases(`whack the heating up in the {room} | turn the {room} down, we're roasting |
      set the {room} to {degrees} | knock the {room} radiator {onoff} | is the boiler on in the {room} |
      stick the heating on for {minutes} | can we have the {room} a bit warmer |
      it's too nippy to {doing} in the {room} | pop the {room} heater {onoff} for {person} |
      how hot is it in the {room}`),
    music: phrases(`stick {music} on in the {room} | bung {music} on while i {doing} |
      skip this one, it's rubbish | turn {music} down a tad, {person} is on the phone |
      knock {music} off in the {room} | whack {music} up in the {room} | pop {music} on for {person} |
      can we have {music} a bit louder | set {music} going in {minutes} | what's this song {person} put on`),
    shopping_list: phrases(`stick {food} on the list | we're out of {food} | add {food} and {food} |
      get us some {food} for the {dish} | we need more {food} {day} | put {item} down for the big shop |
      take {food} off the list, {person} got some | pop {item} on the list | have we put {food} down |
      add {food} for the {dish} | {person} wants {food} from the shop | bung {item} in the basket |
      we could do with {item} {day}`),
    timer: phrases(`give us a shout in {minutes} | set {minutes} for the {dish} |
      stick {minutes} on for the {food} | how long left on the {dish} | add {minutes} to the {dish} |
      tell me when the {food} have had {minutes} | knock the {dish} timer off | count {minutes} down |
      nudge me in {minutes} to turn the heating off | nudge me in {minutes} to ring {person} |
      i've {minutes} to {doing}, shout me | remind me in {minutes} to lock the {door}`),
    weather:
      phrases(`do i need a brolly {day} | is it gonna chuck it down {day} | what's it like out {day} |
      will it be warm {day} | how hot's it getting {day} | will the washing dry {day} |
      any chance of snow {day} | is it set to be nice for {person} {day} |
      will it be light enough to walk home {day} | is it too wet to play out {day}`),
    calls:
      phrases(`give {person} a bell | ring {person} about the {dish} | get {person} on the blower |
      put us through to {person} | bell {person} back | stick {person} on speaker in the {room} |
      ask {person} on the phone if they've got {food} | call {person}, the boiler's off |
      answer {person}, i've got to {doing} | give {person} a ring in the {room}`),
    cleaning: phrases(`give the {room} a quick hoover | set the robot off in the {room} |
      run the hoover round the {room} for {minutes} | there's {food} all over the {room} floor |
      stick a wash on | get the dishwasher going, it's full of {dish} | send the hoover home |
      mop the {room} before {person} comes | the {room} is a tip, do the floor |
      stop the robot, it's stuck by the {door} | turn the dishwasher {onoff}`),
    door_lock: phrases(`have i locked the {door} | lock the {door} | let {person} in |
      {person} has the shopping, open the {door} | stick the latch on the {door} | is the {door} shut |
      lock the {door} in {minutes} | turn the {door} alarm {onoff} | unlock the {door} for {person}`),
    recipes: phrases(`what can i knock up with {food} | how long for {food} in the oven |
      how do you make a {dish} | what goes in a {dish} | what's next for the {dish} |
      summat quick for tea with {food} and {food} | how much {food} in a {dish} |
      can i swap {food} for {food} in the {dish} | how hot for the {dish} | read us the {dish} bit again |
      do i add {food} now or in {minutes} | do you turn the {dish} down after {minutes}`),
  },
};

const TERSE: Dialect = {
  name: "terse commands",
  rows: {
    lights: 130,
    heating: 80,
    music: 60,
    shopping_list: 10,
    timer: 70,
    weather: 30,
    calls: 0,
    cleaning: 60,
    door_lock: 80,
    recipes: 0,
  },
  openers: { chance: 0.15, choices: phrases("ok | hey | computer") },
  asides: {
    chance: 0.15,
    choices: phrases("leaving now | cooking | guests here | on a call | in bed"),
  },
  closers: { chance: 0.2, choices: phrases("now | asap | confirm | quick") },
  slots: {
    onoff: phrases("on | off"),
    room: phrases("kitchen | office | bath | bed 1 | bed 2 | garage | hallway | desk | upstairs"),
    door: phrases("front door | garage door | gate | back door | balcony"),
    food: phrases("eggs | rice | coffee | pasta | pizza | protein bars"),
    person: phrases("courier | Sam | cleaner | guests | Alex"),
    minutes: phrases("5 min | 10 min | 20 min | 45 s | 1 h | 90 s"),
    degrees: phrases("18 | 19 c | 20 degrees | 21 c | 22 degrees"),
    percent: phrases("10 percent | 30 percent | half | 80 percent | max | low"),
    day: phrases("today | tomorrow | fri | sat | tonight | next 3 h"),
    when: phrases("at 6 | at 22 | when i leave | at sunrise | after work | in 10 min"),
    music: phrases("techno | lofi | playlist 2 | news radio | focus mix | podcast"),
  },
  templates: {
    lights: phrases(`{room} light {onoff} | {room} lights {percent} | dim {room} {percent} |
      {room} lamp {onoff} {when} | lights {onoff} {when} | {room} brighter {when} | all lights {percent} |
      {room} light {onoff} if {door} opens | blink {room} lamp after {minutes} | set {room} lamp {percent} |
      {room} dark {when} | light {onoff} {room} for {minutes}`),
    heating:
      phrases(`{room} {degrees} | heat {onoff} {room} | {room} warmer {when} | set {room} {degrees} |
      {room} radiator {onoff} | boiler {onoff} {when} | heat {percent} {room} | {room} temp |
      heat {onoff} if {door} open | {room} cooler {when} | heat {room} {minutes}`),
    music: phrases(`play {music} {room} | {music} {percent} {room} | {room} speaker {onoff} |
      {music} {onoff} {when} | louder {room} | set {room} speaker {percent} | pause {music} |
      {music} {room} for {minutes} | mute {room} if {door} opens | next track {room}`),
    shopping_list: phrases(`add {food} | list add {food} | buy {food} | need {food} {day} |
      remove {food} | reorder {food} | add light bulbs | add door lock battery`),
    timer: phrases(`{minutes} timer | {food} {minutes} | timer {minutes} {food} | {food} timer off |
      {food} time left | add {minutes} {food} | alarm {when} | remind {minutes} lock {door} |
      remind {minutes} {room} light {onoff} | set {minutes} | countdown {minutes} {person} |
      alarm off {day}`),
    weather: phrases(`rain {day} | temp {day} | outside temp {day} | forecast {day} | wind {day} |
      snow {day} | warm {day} | umbrella {day} | degrees outside {when} | dark outside {when}`),
    calls: [],
    cleaning:
      phrases(`vacuum {room} | clean {room} {when} | robot {room} {onoff} | dock robot {when} |
      mop {room} {minutes} | dishwasher {onoff} {when} | robot {percent} power {room} | stop robot {room} |
      skip {room} floor {day} | clean {room} if {door} shut | set robot {room}`),
    door_lock: phrases(`lock {door} | unlock {door} {minutes} | {door} locked | {door} status |
      lock all {when} | open {door} {person} | new code {person} {day} | {door} shut | {door} alarm {onoff} |
      auto lock {door} {minutes} | set {door} code {person} | lock {door} {when}`),
    recipes: [],
  },
};

const COURTEOUS: Dialect = {
  name: "courteous elders",
  rows: {
    lights: 40,
    heating: 90,
    music: 20,
    shopping_list: 30,
    timer: 30,
    weather: 90,
    calls: 130,
    cleaning: 0,
    door_lock: 50,
    recipes: 0,
  },
  openers: {
    chance: 0.45,
    choices:
      phrases(`excuse me | good morning | oh dear | if it isn't too much trouble | I do beg your pardon |
      good evening | now then`),
  },
  asides: {
    chance: 0.35,
    choices:
      phrases(`I have my hands in the flour | the wireless is rather loud | my daughter telephones at six |
      there is such a draught from the door | I cannot find my spectacles | the clock has stopped again |
      it looks like rain | the lamp hurts my eyes | I am expecting the doctor | my knees feel the cold |
      Margaret is bringing the groceries | I should like to hear the concert`),
  },
  closers: {
    chance: 0.45,
    choices: phrases("thank you | please | if you would | dear | much obliged | thank you kindly"),
  },
  slots: {
    onoff: phrases("on | off"),
    room: phrases(`sitting room | conservatory | spare bedroom | hall | dining room | bathroom | pantry |
      little study`),
    door: phrases("front door | garden door | porch | cellar door | conservatory door"),
    food: phrases("marmalade | oats | a nice loaf | tea | plums | smoked haddock | eggs | sherry"),
    person:
      phrases(`my daughter | Margaret | Dr Patel | the surgery | my sister in Leeds | the vicar |
      Mr Thompson | my grandson | the electrician | the taxi firm`),
    minutes: phrases(
      "five minutes | a quarter of an hour | half an hour | three minutes | an hour",
    ),
    degrees: phrases("twenty degrees | twenty one | eighteen degrees | twenty two degrees"),
    day: phrases("today | tomorrow | this afternoon | on Sunday | this evening | on Thursday"),
    music: phrases(
      "some Schubert | the concert | the wireless | a little Vera Lynn | hymns | the shipping news",
    ),
    errand:
      phrases(`water the plants | post a letter | visit Margaret | sit in the garden | walk to church |
      see the doctor`),
  },
  templates: {
    lights:
      phrases(`would you switch the {room} lamp {onoff} | might we have a little more light in the {room} |
      I left the lamp burning in the {room} | would you turn the {room} down a little, it is rather bright |
      could the {room} be lit for {person} {day} | it is too dark to read in the {room} |
      would you put the light on by the {door} | kindly set the {room} lamp low for {minutes}`),
    heating:
      phrases(`would you turn the heating up in the {room} | I feel rather chilly in the {room} |
      might the {room} be set to {degrees} | would you switch the {room} radiator {onoff} |
      could the {room} be a little warmer for {person} | is the boiler lit {day} |
      would you turn the {room} down a little, it is rather close |
      what is the temperature in the {room} | keep the {room} at {degrees} until I {errand} |
      would you put the fire on in the {room} for {minutes}`),
    music: phrases(`would you play {music} in the {room} | might we have {music} a little louder |
      would you turn {music} down a little | would you switch {music} {onoff} |
      would you put {music} on for {person} | I should like to hear {music} {day} | stop {music} in {minutes}`),
    shopping_list:
      phrases(`would you put {food} on my list | I am quite out of {food} | I shall need {food} {day} |
      could you note down {food} for {person} | would you add {food} and {food} |
      kindly strike {food} from the order | might we order {food} {day} |
      put a bulb for the {room} lamp on my list`),
    timer:
      phrases(`would you tell me when {minutes} have passed | might I be reminded in {minutes} to {errand} |
      kindly set {minutes} for the {food} | would you wake me in {minutes} | how long until it rings |
      would you remind me to telephone {person} in {minutes} | would you add {minutes} for the {food} |
      remind me in {minutes} to lock the {door}`),
    weather:
      phrases(`will it rain {day} | shall I need a coat to {errand} {day} | is it set fair {day} |
      will it be warm enough to {errand} {day} | what is the temperature outside {day} |
      would it be wise to {errand} {day} or is it too icy | how cold will it turn {day} |
      might it be windy for {person} {day} | is it light outside yet or still foggy {day} |
      what do they say of the weather {day} | is it dry enough to {errand} {day}`),
    calls: phrases(`would you telephone {person} | I should like to speak to {person} {day} |
      might you put me through to {person} | could you ring {person} about the {food} |
      would you put {person} on in the {room} | would you answer it, it will be {person} |
      kindly call {person} about the {room} radiator | let me talk to {person} while I have the time |
      would you ring {person} back in the {room} | has {person} telephoned {day} |
      tell {person} on the telephone that I shall {errand} {day} | call {person}, I cannot open the {door}`),
    cleaning: [],
    door_lock: phrases(`have I locked the {door} | would you lock the {door} for the night |
      would you let {person} in by the {door} | is the {door} shut {day} |
      could the {door} be left open for {person} | kindly bolt the {door} while I {errand} |
      would you switch the {door} alarm {onoff} | set the {door} to lock in {minutes} |
      has {person} closed the {door}`),
    recipes: [],
  },
};

const GERMAN: Dialect = {
  name: "German-flavoured English",
  rows: {
    lights: 20,
    heating: 0,
    music: 90,
    shopping_list: 40,
    timer: 40,
    weather: 20,
    calls: 40,
    cleaning: 90,
    door_lock: 10,
    recipes: 90,
  },
  openers: { chance: 0.35, choices: phrases("bitte | so | ach | hallo | du | also | na gut") },
  asides: {
    chance: 0.35,
    choices:
      phrases(`the Oma comes gleich | I am by the phone | the door is already to | it is so dark here |
      outside it rains wieder | I have no time | the Kuchen is in the oven | the list is long |
      the kids make much noise | the Staubsauger is broken | I must still cook | it is me too warm |
      the Wecker rings soon | the Licht is still on`),
  },
  closers: { chance: 0.35, choices: phrases("ja | danke | oder | gell | schnell | danke schön") },
  slots: {
    onoff: phrases("on | out | an | aus"),
    room: phrases("Küche | Wohnzimmer | Bad | Flur | kids room | cellar | Büro | Balkon"),
    door: phrases("house door | Garage | Kellertür | garden door"),
    food: phrases(`Kartoffeln | Quark | Mehl | Milch | Eier | Speck | Sauerkraut | onions | Butter | Äpfel |
      Brötchen`),
    dish: phrases(
      "Apfelstrudel | Schnitzel | Gulasch | Käsespätzle | Kuchen | Linsensuppe | Knödel",
    ),
    item: phrases("lamps for the Bad | Batterien | Müllbeutel | a lock for the bike | Spülmittel"),
    person: phrases(
      "the Oma | Herr Schulz | Tante Inge | the Hausmeister | Jürgen | my Chef | the Nachbarin",
    ),
    minutes: phrases("fünf Minuten | zehn Minuten | a half hour | twenty Minuten | eine Stunde"),
    day: phrases("today | tomorrow | am Samstag | this evening | heute Mittag | on the weekend"),
    music: phrases(
      "Schlager | the radio | Volksmusik | some Beethoven | the Kinderlieder | Rammstein",
    ),
  },
  templates: {
    lights: phrases(`make the Licht in the {room} {onoff} | in the {room} is the lamp still on |
      turn the {room} a bit darker | make it in the {room} brighter for {person} |
      the lamp by the {door} {onoff} | can you the {room} light dim`),
    heating: [],
    music:
      phrases(`make {music} in the {room} {onoff} | play {music} for {person} | {music} please louder |
      turn {music} a bit quieter, {person} calls | what runs there for a song |
      lay {music} up in the {room} | can you {music} in the {room} play | set {music} for {minutes} on |
      next song, not always {music} | stop {music}, I must with {person} talk |
      I cook now, make {music} {onoff} | make it in the {room} loud`),
    shopping_list:
      phrases(`write {food} on the Zettel | we have no {food} more | we need {food} {day} |
      {food} and {food} to buy | set {item} on the list | make {food} from the list away |
      {person} needs {food} | for the {dish} are missing {food} | add still {food}`),
    timer:
      phrases(`make a Wecker on {minutes} | say to me in {minutes} bescheid | set {minutes} for the {dish} |
      how long has the {dish} still | {minutes} for the {food}, then ring |
      remember me in {minutes} on the wash | remember me in {minutes} on {person} |
      make the Wecker for the {dish} {onoff} | add to the {dish} still {minutes}`),
    weather: phrases(`does it rain {day} | becomes it warm {day} | how is the weather {day} |
      need I an umbrella {day} | comes there snow {day} | how cold becomes it outside {day}`),
    calls:
      phrases(`call {person} on | make a call with {person} | I must with {person} telephone {day} |
      ring by {person} through | connect me with {person} in the {room} | lay up, {person} talks too long |
      call {person} back about the {food} | has {person} called {day} | ask {person} by phone for the {dish}`),
    cleaning:
      phrases(`suck the {room} once through | make the {room} clean | the Roboter shall in the {room} go |
      by us lies {food} on the floor | make the Spülmaschine {onoff} | wipe the {room} {day} |
      the wash must in {minutes} on | set the Roboter in the {room} {onoff} | stop the Roboter by the {door} |
      clean up before {person} comes | the {room} floor is sticky from the {dish} |
      run the Spülmaschine for {minutes} | {person} comes, the {room} must shine`),
    door_lock: phrases(`close the {door} off | is the {door} to | let {person} in |
      make the {door} open for {person} | have I the {door} locked | open the {door} in {minutes}`),
    recipes:
      phrases(`how makes one {dish} | what comes in the {dish} in | what cook I {day} from {food} |
      how much {food} for the {dish} | how long must the {dish} in the oven | how goes the {dish} further |
      can I {food} instead of {food} take | read me the {dish} again | make I the oven for {dish} {onoff} |
      what fits to {dish} {day} | how warm must the oven for the {dish} |
      come {food} before or after the {food} | cook I the {food} {minutes} or longer`),
  },
};

/** The clients 0 to 3 of the data set. */
export const DIALECTS: readonly Dialect[] = [FAMILY, TERSE, COURTEOUS, GERMAN];
