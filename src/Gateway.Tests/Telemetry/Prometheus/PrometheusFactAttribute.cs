namespace Gateway.Tests.Telemetry.Prometheus;

/// <summary>A test that needs <c>prometheus</c> and <c>promtool</c>, in Debian the package <c>prometheus</c>.</summary>
public sealed class PrometheusFactAttribute : FactAttribute
{
    public PrometheusFactAttribute()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        foreach (var program in new[] { "prometheus", "promtool" })
        {
            if (!path.Any(directory => File.Exists(Path.Combine(directory, program))))
            {
                Skip = $"{program} is not installed (Debian: apt-get install prometheus).";
            }
        }
    }
}
