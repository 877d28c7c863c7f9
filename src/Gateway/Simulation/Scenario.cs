using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gateway.Simulation;

/// <summary>A course of connections and edits over one or more virtual services, and what a kernel's IPVS was seen to do:
/// the file format of <c>gateway simulate</c>.</summary>
/// <remarks>docs/schedulers.md describes the fields. What was recorded (<c>got</c>, <c>counts</c>, <c>order</c>,
/// <c>templates</c>) may be left out; then nothing is compared.</remarks>
internal sealed record Scenario
{
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        NumberHandling = JsonNumberHandling.AllowReadingFromString,
    };

    public required string Scheduler { get; init; }

    public IReadOnlyList<string> Flags { get; init; } = [];

    public string Protocol { get; init; } = "tcp";

    public bool OnePacket { get; init; }

    public ScenarioService Service { get; init; } = new();

    public IReadOnlyList<string> OtherServices { get; init; } = [];

    public ScenarioPersistence? Persistence { get; init; }

    public required IReadOnlyList<ScenarioServer> Servers { get; init; }

    public IReadOnlyList<string>? KernelOrder { get; init; }

    public IReadOnlyList<string> DeadServers { get; init; } = [];

    public IReadOnlyList<string> SilentServers { get; init; } = [];

    public bool ServerKeepsOpen { get; init; }

    public IReadOnlyDictionary<string, int>? Timeouts { get; init; }

    public IReadOnlyDictionary<string, int>? Sysctl { get; init; }

    public required IReadOnlyList<ScenarioStep> Steps { get; init; }

    /// <exception cref="JsonException">The file is no scenario.</exception>
    public static Scenario Read(string file)
    {
        using var stream = File.OpenRead(file);
        return JsonSerializer.Deserialize<Scenario>(stream, _json) ?? throw new JsonException("The file holds no scenario.");
    }
}

/// <summary>The first virtual service: an address, or all traffic with a firewall mark.</summary>
internal sealed record ScenarioService
{
    public string Type { get; init; } = "vip";

    public string? Address { get; init; }
}

/// <summary>Persistence of all services: idle seconds, and the mask by which clients are grouped.</summary>
internal sealed record ScenarioPersistence
{
    public double Timeout { get; init; } = 300;

    public IPAddress Mask => IPAddress.Parse(Netmask);

    public string Netmask { get; init; } = "255.255.255.255";
}

/// <summary>A real server; port 0 is the port of the packet.</summary>
internal sealed record ScenarioServer
{
    public required string Name { get; init; }

    public required string Address { get; init; }

    public int Port { get; init; } = 80;

    public int Weight { get; init; } = 1;

    [JsonPropertyName("u")]
    public int UpperThreshold { get; init; }

    [JsonPropertyName("l")]
    public int LowerThreshold { get; init; }
}

/// <summary>A persistence template of the kernel; port 65535 marks one that is no longer used.</summary>
internal sealed record ScenarioTemplate(string Client, string Virtual, string Server);
