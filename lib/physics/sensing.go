package physics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	. "github.com/gomlx/gomlx/core/graph" //nolint:revive // see physics.go

	"gonum.org/v1/gonum/mat"
)

// Sensing is compressed sensing by blocks (Gan 2007, Block compressed sensing of natural images, DSP): all blocks of Side×Side pixels are
// measured by one Gaussian matrix Φ, in each channel by itself,
//
//	y_b = Φ x_b,  Φ [Share·Side², Side²]
//
// whose rows are made orthonormal, so that ‖A‖ = 1. Φ is the same always and everywhere. The picture's sides must be multiples of Side. There
// is no noise.
type Sensing struct {
	plain
	coded
	Share float64 // of as many measurements as there are pixels
	Side  int
}

// Describe implements Operator.
func (m Sensing) Describe() string {
	return fmt.Sprintf("compressed sensing of blocks of %d×%d pixels by %d Gaussian rows each", m.Side, m.Side, m.rows())
}

// Multiple implements Multipler.
func (m Sensing) Multiple() int { return m.Side }

// rows is the number of measurements of a block.
func (m Sensing) rows() int { return max(1, int(math.Round(m.Share*float64(m.Side*m.Side)))) }

// Forward implements Operator: [n, h, w, c] becomes [n, h/Side, w/Side·rows, c].
func (m Sensing) Forward(x, _ *Node) *Node {
	d := x.Shape().Dimensions
	requireBlocks(m, x, m.Side)
	x = Reshape(x, d[0], d[1]/m.Side, m.Side, d[2]/m.Side, m.Side, d[3])
	x = Reshape(TransposeAllAxes(x, 0, 1, 3, 2, 4, 5), d[0], d[1]/m.Side, d[2]/m.Side, m.Side*m.Side, d[3])
	return Reshape(Einsum("mp,nrkpc->nrkmc", m.matrix(x), x), d[0], d[1]/m.Side, -1, d[3])
}

// Adjoint implements Operator.
func (m Sensing) Adjoint(y, _ *Node) *Node {
	d := y.Shape().Dimensions
	y = Reshape(y, d[0], d[1], d[2]/m.rows(), m.rows(), d[3])
	y = Einsum("mp,nrkmc->nrkpc", m.matrix(y), y)
	y = Reshape(y, d[0], d[1], d[2]/m.rows(), m.Side, m.Side, d[3])
	return Reshape(TransposeAllAxes(y, 0, 1, 3, 2, 4, 5), d[0], d[1]*m.Side, -1, d[3])
}

// gaussians are the matrices that were made, by Side and rows.
var gaussians sync.Map

func (m Sensing) matrix(x *Node) *Node {
	rows, pixels := m.rows(), m.Side*m.Side
	key := [2]int{rows, pixels}
	made, ok := gaussians.Load(key)
	if !ok {
		r := rand.New(rand.NewPCG(uint64(m.Side), uint64(rows)))
		random := mat.NewDense(pixels, rows, nil)
		for i := range pixels {
			for j := range rows {
				random.Set(i, j, r.NormFloat64())
			}
		}
		var qr mat.QR
		qr.Factorize(random)
		var q mat.Dense
		qr.QTo(&q)
		values := make([]float64, 0, rows*pixels)
		for j := range rows {
			values = append(values, mat.Col(nil, j, &q)...)
		}
		made, _ = gaussians.LoadOrStore(key, values)
	}
	return matrix(x, made.([]float64), rows, pixels)
}

// requireBlocks panics if the picture's sides are no multiples of side.
func requireBlocks(op Operator, x *Node, side int) {
	if d := x.Shape().Dimensions; d[1]%side != 0 || d[2]%side != 0 {
		panic(fmt.Errorf("physics: a picture of %d×%d does not divide into the blocks of %s: its sides must be multiples of %d; crop it to %d×%d",
			d[2], d[1], op.Describe(), side, d[2]/side*side, d[1]/side*side))
	}
}
