package data

import "strings"

// emojiFamily names what an emoji is a variant of, by its code points in hex with hyphens ("1F468-200D-1F3A8", a man who paints): variants
// of skin tone, gender, hair and direction are one family, and so are emoji that one of the teams draws alike to the pixel.
func emojiFamily(unified string) string {
	var kept []string
	joined := false // the code point before was a zero-width joiner
	for _, code := range strings.Split(unified, "-") {
		drop := emojiVariant[code] || joined && emojiJoined[code]
		joined = code == "200D"
		if drop || joined {
			continue
		}
		if neutral, ok := emojiNeutral[code]; ok {
			code = neutral
		}
		kept = append(kept, code)
	}
	family := strings.Join(kept, "-")
	if alike, ok := emojiAlike[family]; ok {
		return alike
	}
	if people := strings.Count(family, person) + strings.Count(family, child); people > 1 && people == len(kept) {
		return "1F46A" // a family of whoever
	}
	return family
}

const (
	person = "1F9D1"
	child  = "1F9D2"
)

// emojiVariant are the code points that only choose a variant: skin tones, and the mark that asks for a picture rather than a letter.
var emojiVariant = map[string]bool{"FE0F": true, "1F3FB": true, "1F3FC": true, "1F3FD": true, "1F3FE": true, "1F3FF": true}

// emojiJoined are those that choose a variant after a joiner: female, male, facing right; red, curly, white and no hair.
var emojiJoined = map[string]bool{
	"2640": true, "2642": true, "27A1": true, "1F9B0": true, "1F9B1": true, "1F9B2": true, "1F9B3": true,
}

// emojiNeutral gives the neutral one for people whose code point has a gender or a kind of hair.
var emojiNeutral = map[string]string{
	"1F468": person, "1F469": person, // man, woman
	"1F471": person, "1F9D4": person, // blond, bearded
	"1F466": child, "1F467": child, // boy, girl
	"1F474": "1F9D3", "1F475": "1F9D3", // old man, old woman
	"1F934": "1FAC5", "1F478": "1FAC5", // prince, princess
	"1F57A": "1F483",                   // man and woman dancing
	"1F930": "1FAC4", "1FAC3": "1FAC4", // pregnant woman and man
	"1F385": "1F936",                   // Father and Mother Christmas
	"1F46C": "1F46B", "1F46D": "1F46B", // two men, two women holding hands
}

// emojiAlike joins families that are written differently and show the same.
var emojiAlike = map[string]string{
	person + "-1F384":                "1F936", // Mx Claus
	person + "-1F91D-" + person:      "1F46B", // people holding hands
	person + "-2764-" + person:       "1F491", // couple with heart
	person + "-2764-1F48B-" + person: "1F48F", // kiss

	// Flags of territories that are those of the country, and what the teams take for such.
	"1F1ED-1F1F2": "1F1E6-1F1FA",                               // Heard and McDonald Islands: Australia
	"1F1E7-1F1FB": "1F1F3-1F1F4", "1F1F8-1F1EF": "1F1F3-1F1F4", // Bouvet Island, Svalbard: Norway
	"1F1E8-1F1F5": "1F1EB-1F1F7", "1F1F2-1F1EB": "1F1EB-1F1F7", // Clipperton, Saint Martin: France
	"1F1E9-1F1EC": "1F1EE-1F1F4", // Diego Garcia: British Indian Ocean Territory
	"1F1EA-1F1E6": "1F1EA-1F1F8", // Ceuta and Melilla: Spain
	"1F1FA-1F1F2": "1F1FA-1F1F8", // outlying islands: United States
	"1F1E8-1F1F6": "1F1F8-1F1E6", // Sark: Google draws Saudi Arabia's
}
