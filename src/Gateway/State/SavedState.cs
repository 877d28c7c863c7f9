using System.Text.Json;
using Gateway.Clusters;
using Gateway.Draining;

namespace Gateway.State;

/// <summary>What must outlive the process, as it is written to the state file: JSON with a version.</summary>
internal sealed record SavedState
{
    /// <summary>The version that is written, and the only one that is read.</summary>
    public const int CurrentVersion = 1;

    public required int Version { get; init; }

    /// <summary>The words on each destination.</summary>
    public IReadOnlyList<RememberedStanding> Destinations { get; init; } = [];

    /// <summary>Drains that run, and those that ended last.</summary>
    public IReadOnlyList<DrainJob> Drains { get; init; } = [];

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, SavedStateJson.Default.SavedState);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else; the message says where.</exception>
    public static SavedState Parse(ReadOnlySpan<byte> json)
    {
        var state = JsonSerializer.Deserialize(json, SavedStateJson.Default.SavedState) ?? throw new JsonException("It holds null.");
        if (state.Version != CurrentVersion)
        {
            throw new JsonException($"It is of version {state.Version}, and this program knows version {CurrentVersion}.");
        }

        // What the file leaves out is null: code made when the program is built knows no initializers.
        state = state with { Destinations = state.Destinations ?? [], Drains = state.Drains ?? [] };
        foreach (var destination in state.Destinations)
        {
            if (WhatIsWrong(destination) is { } rule)
            {
                throw new JsonException($"{destination.ClusterId}/{destination.DestinationId} {rule}.");
            }
        }

        return state;
    }

    private static string? WhatIsWrong(RememberedStanding destination) =>
        !destination.Address.IsAbsoluteUri ? "has an address without a scheme"
        : destination.Standing.PersonsWeight is { Weight: < 0 or > DestinationOptions.MaxWeight } ? "has a weight out of range"
        : destination.Standing.Agent is { Share: < 0 } or { Weight: < 0 or > DestinationOptions.MaxWeight }
            ? "has an agent's weight out of range"
        : null;
}
