using Gateway.Telemetry;
using Microsoft.Extensions.Configuration;

namespace Gateway.Tests.Telemetry;

public sealed class OtlpSettingsTests
{
    [Theory]
    [InlineData("", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4317", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://c:4317", false, true)]
    [InlineData("OTEL_TRACES_EXPORTER=otlp", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_TRACES_EXPORTER=none", false, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_METRICS_EXPORTER=prometheus", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_SDK_DISABLED=true", false, false)]
    public void Signals_Environment_DecidesWhatIsExported(string variables, bool traces, bool metrics)
    {
        var settings = new OtlpSettings(new OtlpOptions(), Environment(variables));

        Assert.Equal((traces, metrics), (settings.Traces, settings.Metrics));
    }

    [Fact]
    public void Signals_SectionSaysNo_IsNo()
    {
        var options = new OtlpOptions { Endpoint = new Uri("http://c:4317"), Traces = false, Metrics = false };

        var settings = new OtlpSettings(options, Environment("OTEL_TRACES_EXPORTER=otlp"));

        Assert.Equal((false, false), (settings.Traces, settings.Metrics));
    }

    [Fact]
    public void Variables_Section_WinsOverTheEnvironment()
    {
        var settings = new OtlpSettings(
            new OtlpOptions
            {
                Endpoint = new Uri("http://section:4318"),
                Protocol = OtlpProtocol.HttpProtobuf,
                Headers = "a=b",
                TraceRatio = 0.25,
                ServiceName = "mine",
            },
            Environment("OTEL_EXPORTER_OTLP_ENDPOINT=http://env:1 OTEL_EXPORTER_OTLP_TIMEOUT=5 OTEL_SERVICE_NAME=env"));

        Assert.Equal("http://section:4318/", settings.Variables["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal("http/protobuf", settings.Variables["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal("a=b", settings.Variables["OTEL_EXPORTER_OTLP_HEADERS"]);
        Assert.Equal("parentbased_traceidratio", settings.Variables["OTEL_TRACES_SAMPLER"]);
        Assert.Equal("0.25", settings.Variables["OTEL_TRACES_SAMPLER_ARG"]);
        Assert.Equal("mine", settings.Variables["OTEL_SERVICE_NAME"]);
        Assert.Equal("5", settings.Variables["OTEL_EXPORTER_OTLP_TIMEOUT"]);
    }

    [Theory]
    [InlineData("", "gateway")]
    [InlineData("OTEL_SERVICE_NAME=edge", "edge")]
    [InlineData("OTEL_RESOURCE_ATTRIBUTES=team=a,service.name=edge", null)]
    public void ServiceName_NotInTheSection_IsTheEnvironmentsElseGateway(string variables, string? expected) =>
        Assert.Equal(
            expected, new OtlpSettings(new OtlpOptions(), Environment(variables)).Variables["OTEL_SERVICE_NAME"]);

    private static IConfiguration Environment(string variables) => new ConfigurationBuilder()
        .AddInMemoryCollection(variables.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(v => v.Split('=', 2)).Select(v => KeyValuePair.Create(v[0], (string?)v[1])))
        .Build();
}
