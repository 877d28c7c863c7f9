using System.Text.Json.Serialization;

namespace Gateway.State;

/// <summary>
/// How the state file is written and read, as code made when the program is built: looked up by reflection, it would
/// be compiled at each start, since the first state is written then.
/// </summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SavedState))]
internal sealed partial class SavedStateJson : JsonSerializerContext;
