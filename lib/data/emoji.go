package data

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"darkroom/lib/fetch"
)

// emojiGroups are Unicode's groups of emoji, in its order: the classes. The group of the five bare skin tones, which are no pictures of
// anything, is left out.
var emojiGroups = []string{
	"Smileys & Emotion", "People & Body", "Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects", "Symbols", "Flags",
}

// emojiTitle is what every team's set is.
const emojiTitle = "emoji of Unicode 16: 3,029 training and 752 test pictures, 64×64 colour over white, 9 groups as classes"

// On a sheet every emoji has a border of one transparent pixel.
const (
	emojiSide = 64
	emojiCell = emojiSide + 2
)

// emojiFiles are the sheet that one team's drawings lie on, and the list that says where each is. The single pictures of the package have the
// same pixels as those of the sheet; two files are easier to pin than 3786.
func emojiFiles(team, sheet string) []fetch.File {
	const version = "16.0.0"
	file := func(name, member, sum string) fetch.File {
		return fetch.File{Name: "data/emoji-" + team + "/" + path.Base(name), SHA256: sum, From: []fetch.Origin{
			fetch.Npm{Package: "emoji-datasource-" + team, Version: version, Member: "package/" + member},
			fetch.URL{Address: "https://raw.githubusercontent.com/iamcal/emoji-data/v" + version + "/" + name},
		}}
	}
	return []fetch.File{
		file("sheets-clean/sheet_"+team+"_64_clean.png", "img/"+team+"/sheets-clean/64.png", sheet),
		file("emoji.json", "emoji.json", "1d602e65be88772bf8cc368ce16b855d719eeddbafe128d471b80203f494d29f"),
	}
}

func googleEmojiFiles() []fetch.File {
	return emojiFiles("google", "795a0c598d162c9a4aae23f2188c607b8c9bc1912cb7d84382459f8de91a3ae1")
}

func twitterEmojiFiles() []fetch.File {
	return emojiFiles("twitter", "daa7711b29897de6bd811a4cfeae911d8d8baa7f7e25c97d9b64354ae425ff5c")
}

// emoji is one drawing of the list.
type emoji struct {
	name   string // "1f385-1f3fb"
	family string // what it is a variant of
	group  int32  // index into emojiGroups
	x, y   int    // its cell of the sheet
}

// parseEmoji reads the list of the package: every emoji with its variants of skin tone, sorted by name.
func parseEmoji(b []byte) ([]emoji, error) {
	type drawing struct {
		Image string `json:"image"`
		X     int    `json:"sheet_x"`
		Y     int    `json:"sheet_y"`
	}
	var list []struct {
		drawing
		Unified    string             `json:"unified"`
		Category   string             `json:"category"`
		Variations map[string]drawing `json:"skin_variations"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, err
	}
	var out []emoji
	for _, e := range list {
		if e.Category == "Component" {
			continue
		}
		group := slices.Index(emojiGroups, e.Category)
		if group < 0 {
			return nil, fmt.Errorf("emoji %s is of the unknown group %q", e.Unified, e.Category)
		}
		add := func(d drawing) {
			out = append(out, emoji{strings.TrimSuffix(d.Image, ".png"), emojiFamily(e.Unified), int32(group), d.X, d.Y})
		}
		add(e.drawing)
		for _, d := range e.Variations {
			add(d)
		}
	}
	slices.SortFunc(out, func(a, b emoji) int { return cmp.Compare(a.name, b.name) })
	return out, nil
}

// emojiSides says which of them are on the test side. In each group families are gone through in the order of the SHA-256 of their names, and
// put on the test side while it has room for all of the family in a fifth of the group. So the split depends on the list alone and
// is the same for every team's drawings, and variants of one character are always on the same side.
func emojiSides(list []emoji) []side {
	type key struct {
		group  int32
		family string
	}
	members := map[key][]int{}
	room := make([]int, len(emojiGroups))
	for i, e := range list {
		k := key{e.group, e.family}
		members[k] = append(members[k], i)
		room[e.group]++
	}
	for g := range room {
		room[g] /= 5
	}
	order := make([]key, 0, len(members))
	for k := range members {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b key) int {
		x, y := sha256.Sum256([]byte(a.family)), sha256.Sum256([]byte(b.family))
		return cmp.Or(cmp.Compare(a.group, b.group), bytes.Compare(x[:], y[:]))
	})
	sides := make([]side, len(list))
	for _, k := range order {
		if n := len(members[k]); n <= room[k.group] {
			room[k.group] -= n
			for _, i := range members[k] {
				sides[i] = test
			}
		}
	}
	return sides
}

func readEmoji(ctx context.Context, d *Dataset, paths []string, o Options) (err error) {
	d.Train, d.Test, err = readEmojiSheet(ctx, paths[0], paths[1], o)
	return err
}

// readEmojiPairs reads two teams' drawings of the same characters: the same list, so the same split in the same order.
func readEmojiPairs(ctx context.Context, d *Dataset, paths []string, o Options) (err error) {
	if d.Train, d.Test, err = readEmojiSheet(ctx, paths[0], paths[1], o); err != nil {
		return err
	}
	d.TrainB, d.TestB, err = readEmojiSheet(ctx, paths[2], paths[3], o)
	d.Paired = true
	return err
}

// readEmojiSheet cuts a sheet up. Transparency is laid over white, as decode does, and all pictures have three channels, but for Options.Grey.
func readEmojiSheet(ctx context.Context, sheet, list string, o Options) (trained, tested Split, err error) {
	b, err := os.ReadFile(list)
	if err != nil {
		return nil, nil, err
	}
	emojis, err := parseEmoji(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w; delete it and it is fetched again", list, err)
	}
	if b, err = os.ReadFile(sheet); err != nil {
		return nil, nil, err
	}
	whole, err := decode(b, maxPixels)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w; delete it and it is fetched again", sheet, err)
	}
	all, bad := make(Split, len(emojis)), make([]error, len(emojis))
	err = each(ctx, len(emojis), func(i int) {
		var p Picture
		if p, bad[i] = emojis[i].cut(whole.Picture); bad[i] == nil {
			all[i] = o.prepare(p)
		}
	})
	if err := errors.Join(append(bad, err)...); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", sheet, err)
	}
	for i, s := range emojiSides(emojis) {
		if s == test {
			tested = append(tested, all[i])
		} else {
			trained = append(trained, all[i])
		}
	}
	return trained, tested, nil
}

// cut takes the emoji out of its sheet.
func (e emoji) cut(sheet Picture) (Picture, error) {
	y, x := e.y*emojiCell+1, e.x*emojiCell+1
	if sheet.Channels != 3 || e.x < 0 || e.y < 0 || y+emojiSide > sheet.Height || x+emojiSide > sheet.Width {
		return Picture{}, fmt.Errorf("emoji %s at column %d, row %d does not lie on a colour sheet: it is %s", e.name, e.x, e.y, sheet.size())
	}
	p := crop(sheet, y, x, emojiSide, emojiSide)
	p.Name, p.Label = e.name, e.group
	return p, nil
}
