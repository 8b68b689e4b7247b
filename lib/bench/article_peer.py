"""Times a training step of the networks of darkroom's methods article-gan and article-vae in TensorFlow.

usage: article_peer.py tf {article-gan,article-vae}
prints one line: tf NET median_ms=... min_ms=... parameters=...
"""
import math
import os
import sys
import time

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import tensorflow as tf

K, L = tf.keras, tf.keras.layers
BATCH, SIDE, LATENT = 32, 64, 100
x = tf.constant(np.round(255 * np.random.default_rng(0).random((BATCH, SIDE, SIDE, 3))).astype(np.float32) / 255)


def adam(variables):
    optimizer = K.optimizers.Adam(2e-4, 0.5, 0.999, 1e-7)
    optimizer.build(variables)
    return optimizer


def conv(channels, kernel, stride, **more):
    return L.Conv2D(channels, kernel, stride, "same", **more)


def up(channels, kernel, **more):
    return L.Conv2DTranspose(channels, kernel, 2, "same", **more)


def leaky():
    return L.LeakyReLU(negative_slope=0.2)


def gan():
    layers = [L.Input((LATENT,))]
    for units in (256, 512, 1024):
        layers += [L.Dense(units), leaky()]
    layers.append(L.Reshape((8, 8, 16)))
    for channels in (32, 64, 128):
        layers += [up(channels, 4), leaky()]
    generator = K.Sequential(layers + [conv(3, 7, 1, activation="tanh")])
    layers = [L.Input((SIDE, SIDE, 3))]
    for channels in (64, 128, 256):
        layers += [conv(channels, 4, 2), leaky()]
    judge = K.Sequential(layers + [L.Flatten(), L.Dense(1)])
    g, d = generator.trainable_variables, judge.trainable_variables
    by_g, by_d = adam(g), adam(d)
    cross = tf.nn.sigmoid_cross_entropy_with_logits

    @tf.function
    def step():
        fake = generator(tf.random.normal((BATCH, LATENT)), training=True)
        with tf.GradientTape() as tape:
            r, f = judge(2 * x - 1, training=True), judge(fake, training=True)
            loss = tf.reduce_mean(cross(tf.ones_like(r), r)) + tf.reduce_mean(cross(tf.zeros_like(f), f))
        by_d.apply_gradients(zip(tape.gradient(loss, d), d))
        z = tf.random.normal((BATCH, LATENT))
        with tf.GradientTape() as tape:
            f = judge(generator(z, training=True), training=True)
            deceit = tf.reduce_mean(cross(tf.ones_like(f), f))
        by_g.apply_gradients(zip(tape.gradient(deceit, g), g))
        return loss + deceit

    return step, g + d


def vae():
    layers = [L.Input((SIDE, SIDE, 3))]
    for channels in (32, 64, 128):
        layers += [conv(channels, 3, 2, activation="relu"), L.MaxPooling2D()]
    encoder = K.Sequential(layers + [L.Flatten(), L.Dense(2 * LATENT)])
    layers = [L.Input((LATENT,)), L.Dense(128, activation="relu"), L.Reshape((1, 1, 128))]
    for channels in (64, 32):
        layers += [L.UpSampling2D(), up(channels, 3, activation="relu")]
    decoder = K.Sequential(layers + [L.UpSampling2D()])
    mean, spread = K.Sequential([L.Input((32, 32, 32)), up(3, 3)]), K.Sequential([L.Input((32, 32, 32)), up(3, 3)])
    variables = encoder.trainable_variables + decoder.trainable_variables + mean.trainable_variables + spread.trainable_variables
    by = adam(variables)

    def logistic(x, m, s):  # the negative log-probability of bytes, as nn.DiscretizedLogistic has it
        half = 0.5 / 255
        inverse = tf.exp(-s)
        centre, h = (x - m) * inverse, half * inverse
        inner, last = x > half, x < 1 - half
        below = tf.where(last, tf.nn.softplus(-(centre + h)), 0.)
        above = tf.where(inner, tf.nn.softplus(centre - h), 0.)
        t = tf.tanh(h)
        return below + above - tf.where(inner & last, tf.math.log(t) - tf.math.log1p(t) + math.log(2), 0.)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            m, v = tf.split(encoder(x, training=True), 2, -1)
            h = decoder(m + tf.exp(0.5 * v) * tf.random.normal(tf.shape(m)), training=True)
            s = tf.nn.relu(spread(h, training=True) + 7) - 7
            nll = tf.reduce_sum(logistic(x, tf.sigmoid(mean(h, training=True)), s), (1, 2, 3))
            loss = tf.reduce_mean(nll + 0.5 * tf.reduce_sum(tf.exp(v) + m * m - 1 - v, -1))
        by.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return step, variables


net = sys.argv[2]
step, variables = {"article-gan": gan, "article-vae": vae}[net]()
for _ in range(3):
    step().numpy()
times = []
for _ in range(10):
    begin = time.perf_counter()
    step().numpy()
    times.append(1e3 * (time.perf_counter() - begin))
count = sum(int(np.prod(v.shape)) for v in variables)
print(f"tf {net} median_ms={np.median(times):.2f} min_ms={min(times):.2f} parameters={count}")
