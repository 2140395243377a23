"""How amounts, spells of time, dates and names look in English prose: regular expressions.

They are pieces to build patterns of; all but the names ignore case.
"""

NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundreds?|thousands?|millions?|billions?|dozens?|half|no|none|several)"
)
HEDGE = (
    r"(?:(?:nearly|about|around|at least|at most|more than|over|almost|roughly|some|up to|only|"
    r"approximately|fewer than|less than|no more than|no fewer than|as many as|as much as|"
    r"an estimated|close to|just over|just under|under|well over)\s+)?"
)
DIGITS = r"(?<![\w.,-])−?[$€£¥]?\d+(?:[.,]\d+)*(?![\w]|-\d)"
SCALE = r"(?:\s+(?:hundred|thousand|million|billion|trillion|dozen))*"
AMOUNT = rf"(?:{DIGITS}|\b{NUMBER_WORD}(?:(?:[ -]| and ){NUMBER_WORD})*\b){SCALE}"
UNIT = (
    r"(?:%|percent|per cent|percentage points?|degrees?(?: (?:Celsius|Fahrenheit))?|°C|°F|"
    r"(?:square |cubic )?(?:kilo|centi|milli)?met(?:er|re)s?"
    r"(?: (?:per|an?) (?:second|minute|hour))?|km/h|km|mph|kg|(?:kilo)?grams?|"
    r"tonnes?|tons?|(?:square |nautical )?miles?(?: per hour)?|feet|foot|inch(?:es)?|yards?|"
    r"acres|hectares|pounds?|dollars?|euros?|rupees?|yen|crowns?|kron[ao]r|lit(?:er|re)s?|gallons?|"
    r"barrels?|watts?|megawatts?|points?|times|seconds?|minutes?|hours?|days?|weeks?|months?|"
    r"years?|decades?|centur(?:y|ies))(?![\w])"
)
_UNDER = "|".join(
    rf"{unit}s?(?:,? and|,)? {AMOUNT} {smaller}s?"
    for unit, smaller in (
        ("year", "month"), ("month", "day"), ("week", "day"), ("day", "hour"),
        ("hour", "minute"), ("minute", "second"),
    )
)  # fmt: skip
SPELL = (
    rf"(?:{HEDGE}(?:{AMOUNT}|\ban?\b)[ -](?:and a half )?(?:{_UNDER}|"
    r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?|decades?|centur(?:y|ies))"
    r"(?: and a half)?)\b)"
)
MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan\.|Feb\.|Mar\.|Apr\.|Aug\.|Sept?\.|Oct\.|Nov\.|Dec\.)"
)
WEEKDAY = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
YEAR = r"(?:1[0-9]|20)\d\d"
CLOCK = r"\d{1,2}(?:[:.]\d\d)?\s?(?:a\.m\.|p\.m\.|am|pm|GMT|UTC)(?![\w])|\d{1,2}:\d\d(?!\w)"
WHEN = (
    r"(?:\b(?:in|on|since|by|until|from|at|before|after|late|early|mid|around|during|between)\s+)?"
    r"(?:(?:the\s+)?(?:beginning|end|middle|first days|start) of "
    rf"(?:{MONTH}|{YEAR})(?: {YEAR})?|"
    rf"(?:{WEEKDAY},? )?(?:{MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:, {YEAR}| {YEAR})?|"
    rf"\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{MONTH}(?:,? {YEAR})?|{MONTH},? {YEAR})|"
    rf"{CLOCK}|\b{WEEKDAY}(?: (?:morning|afternoon|evening|night))?\b|\b{MONTH}(?!\w)|"
    rf"(?<![\w.,$€£-]){YEAR}s?(?![\w%-]|[.,]\d)|(?:the )?\d{{1,2}}(?:st|nd|rd|th) century|"
    r"\b(?:yesterday|today|tomorrow|tonight|midnight|noon|(?:last|next|this) "
    r"(?:night|week|month|year|spring|summer|autumn|fall|winter))\b)"
)
CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w’'.-]*"
PARTICLE = r"(?:de|da|del|di|van|von|der|den|al|bin|ibn|of|of the|e)"
NAME = rf"{CAPITAL}(?:\s+(?:{PARTICLE}\s+){{0,2}}{CAPITAL})*"
