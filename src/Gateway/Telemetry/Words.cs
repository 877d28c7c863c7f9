using System.Text.Json;

namespace Gateway.Telemetry;

/// <summary>The values of an enum as labels and log fields say them: <c>ConnectRefused</c> is <c>connect_refused</c>.
/// </summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => Table<T>.Words[value];

    private static class Table<T>
        where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Words = Enum.GetValues<T>()
            .ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    }
}
