import JointLossLinearAlgebra
import Testing

@testable import JointLossStudies

@Suite struct BootstrapTests {
  private let skewed = [0.91, 0.95, 0.88, 1.02, 1.34, 0.93, 0.97]

  // stats.bootstrap((skewed,), np.mean, n_resamples=1000000, method='BCa', random_state=1, batch=100000)
  // gives (0.92857, 1.17714); the exact interval over all 7^7 resamples is (0.93, 1.18).
  // A quantile of 100 000 resamples is off by about 0.008 standard errors of the mean (0.057).
  @Test func `The interval is scipy's BCa interval`() throws {
    let interval = try #require(
      Bootstrap(sampleSize: 7, resamples: 100_000, seed: 3).interval(ofMean: skewed))
    #expect(abs(interval.lower - 0.93) < 0.003)
    #expect(abs(interval.upper - 1.18) < 0.005)
  }

  // Negative control: the plain percentile interval is np.quantile(means, [0.025, 0.975]) = (0.919, 1.121).
  @Test func `The interval leans towards the long tail, unlike the percentile interval`() throws {
    let interval = try #require(Bootstrap(sampleSize: 7).interval(ofMean: skewed))
    let mean = 1.0
    #expect(interval.upper - mean > 2 * (mean - interval.lower))
    let mirrored = try #require(Bootstrap(sampleSize: 7).interval(ofMean: skewed.map { 2 - $0 }))
    #expect(mean - mirrored.lower > 2 * (mirrored.upper - mean))
  }

  // Over all 5^5 resamples of these five values the interval is exactly (0.90, 1.52): itertools.product.
  @Test func `Five values agree with the enumeration of all resamples`() throws {
    let interval = try #require(
      Bootstrap(sampleSize: 5, resamples: 100_000).interval(ofMean: [0.9, 1.0, 1.1, 1.7, 0.8]))
    #expect(abs(interval.lower - 0.90) < 0.005)
    #expect(abs(interval.upper - 1.52) < 0.021)
  }

  @Test func `A shift and a scale of the values shift and scale the interval`() throws {
    let bootstrap = Bootstrap(sampleSize: 7)
    let interval = try #require(bootstrap.interval(ofMean: skewed))
    let moved = try #require(bootstrap.interval(ofMean: skewed.map { 8 * $0 + 3 }))
    #expect(abs(moved.lower - (8 * interval.lower + 3)) < 1e-12)
    #expect(abs(moved.upper - (8 * interval.upper + 3)) < 1e-12)
  }

  @Test func `A seed gives the same interval again and another seed another`() {
    // Cubes: the means of the hundredths above lie on a grid, on which two seeds may well agree.
    let values = skewed.map { $0 * $0 * $0 }
    let interval = Bootstrap(sampleSize: 7).interval(ofMean: values)
    #expect(Bootstrap(sampleSize: 7).interval(ofMean: values) == interval)
    #expect(Bootstrap(sampleSize: 7, seed: 1).interval(ofMean: values) != interval)
  }

  @Test func `One value has no interval and equal values have a point`() {
    #expect(Bootstrap(sampleSize: 1).interval(ofMean: [2]) == nil)
    #expect(
      Bootstrap(sampleSize: 3).interval(ofMean: [2, 2, 2]) == ConfidenceInterval(lower: 2, upper: 2))
  }

  @Test func `Values that differ by rounding only have a point, and outliers a finite interval`() throws {
    let rounded = (0..<10).map { 1.0 / 3 + Double($0 % 3) * 0x1p-54 }
    let point = try #require(Bootstrap(sampleSize: 10).interval(ofMean: rounded))
    #expect(abs(point.lower - 1.0 / 3) < 1e-15 && point.lower == point.upper)
    let outlier = [Double](repeating: 1, count: 999) + [2]
    let interval = try #require(Bootstrap(sampleSize: 1000, resamples: 200).interval(ofMean: outlier))
    #expect(interval.lower >= 1 && interval.upper <= 1.01 && interval.lower < interval.upper)
  }

  // 95 % intervals of 20 normal values cover the mean in about 93 % of samples (BCa is slightly short);
  // with 300 samples the share lies within ± 0.045 of that in 99.8 % of cases.
  @Test func `Intervals cover the true mean about as often as they claim`() throws {
    let bootstrap = Bootstrap(sampleSize: 20, resamples: 1000)
    var stream = PhiloxStream(seed: 5, purpose: "coverage")
    var covered = 0
    for _ in 0..<300 {
      let values = (0..<20).map { _ in stream.normal() }
      let interval = try #require(bootstrap.interval(ofMean: values))
      if interval.lower <= 0 && interval.upper >= 0 { covered += 1 }
    }
    #expect(abs(Double(covered) / 300 - 0.93) < 0.045)
  }
}
